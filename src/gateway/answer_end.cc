#include "gateway/answer_end.h"

#include <array>

namespace sluice::gateway {
namespace {

using api::Standing;

struct Row {
  Standing standing;
  std::array<bool, 3> whole;  // by Ending: by_framing, by_close, broken_off
  bool event;                 // if it is not whole: an error event is sent
};

namespace table {

constexpr bool whole = true, cut = false;

// A stream, of any dialect and format. If it breaks off after its finish it is complete (the sentinel is not waited
// for). A stream that has reported an error needs no second one.
constexpr std::array streams = std::to_array<Row>({
    {Standing::unread, {whole, whole, cut}, false},
    {Standing::nothing, {cut, cut, cut}, true},
    {Standing::foreign, {whole, cut, cut}, true},
    {Standing::within, {cut, cut, cut}, true},
    {Standing::between, {cut, cut, cut}, true},
    {Standing::finished, {whole, whole, whole}, false},
    {Standing::failed, {whole, whole, cut}, false},
});

// If the framing is cut, even closed JSON might have continued.
constexpr std::array bodies = std::to_array<Row>({
    {Standing::unread, {whole, whole, cut}, false},
    {Standing::nothing, {whole, cut, cut}, false},
    {Standing::foreign, {whole, cut, cut}, false},
    {Standing::within, {cut, cut, cut}, false},
    {Standing::between, {whole, cut, cut}, false},
    {Standing::finished, {whole, whole, cut}, false},
    {Standing::failed, {whole, whole, cut}, false},
});

// An error's status says most of it already, so less is required.
constexpr std::array error_bodies = std::to_array<Row>({
    {Standing::unread, {whole, whole, cut}, false},
    {Standing::nothing, {whole, whole, cut}, false},
    {Standing::foreign, {whole, whole, cut}, false},
    {Standing::within, {whole, cut, cut}, false},
    {Standing::between, {whole, whole, cut}, false},
    {Standing::finished, {whole, whole, cut}, false},
    {Standing::failed, {whole, whole, cut}, false},
});

}  // namespace table

template <size_t Size>
constexpr bool in_order(const std::array<Row, Size>& rows) {
  for (size_t i = 0; i < Size; ++i) {
    if (rows[i].standing != static_cast<Standing>(i)) return false;
  }
  return Size == static_cast<size_t>(Standing::failed) + 1;
}
static_assert(in_order(table::streams) && in_order(table::bodies) && in_order(table::error_bodies));

const Row& row(Standing standing, Shape shape) {
  const auto at = static_cast<size_t>(standing);
  if (shape == Shape::stream) return table::streams[at];
  return shape == Shape::body ? table::bodies[at] : table::error_bodies[at];
}

}  // namespace

bool is_whole(Standing standing, Shape shape, Ending ending, CallerFraming caller) {
  // The caller still expects bytes that a content-length or an unfinished compressed body has promised.
  if (ending == Ending::broken_off && (caller.length_told || caller.compressed)) return false;
  return row(standing, shape).whole[static_cast<size_t>(ending)];
}

bool takes_event(Standing standing, Shape shape, CallerFraming caller) {
  return row(standing, shape).event && !caller.length_told && !caller.compressed;
}

}  // namespace sluice::gateway
