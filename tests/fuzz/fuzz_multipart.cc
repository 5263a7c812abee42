// A form is understood the same however it is cut, and a plain form parser finds the same model: the one field of that
// name.
#include <string>

#include "api/multipart_peek.h"
#include "fuzz/fuzz.h"

namespace {

using namespace sluice;
using fuzz::check;

struct Seen {
  bool refused = false, found = false, done = false;
  std::string model{};
  uint64_t at = 0;
  bool operator==(const Seen&) const = default;
};

Seen read(std::string_view type, const std::vector<std::string_view>& pieces) {
  Seen seen;
  auto peeker = api::MultipartPeeker::create(type);
  if (!peeker) return {true};
  for (const std::string_view piece : pieces) {
    const std::string own(piece);  // destroyed before the next piece
    if (!peeker->feed(own)) return {true};
  }
  return {false, peeker->found(), peeker->done(), peeker->model(), peeker->model_at()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Input input = fuzz::input_of(data, size);
  // The first line may be the content type.
  std::string type = "multipart/form-data; boundary=b";
  std::string_view body = input.bytes;
  if ((input.choice & 1) != 0) {
    const size_t line = body.find('\n');
    type = body.substr(0, line);
    body.remove_prefix(line == std::string_view::npos ? body.size() : line + 1);
  }
  const Seen whole = read(type, {body});
  check(whole == read(type, fuzz::cut(body, input.seed)), "cuts do not matter");
  if (whole.refused || !whole.found) return 0;
  check(whole.model.size() <= 256, "a name has its bound");
  check(body.substr(whole.at, whole.model.size()) == whole.model, "it stands where it is told to");
  if (!whole.done || (input.choice & 1) != 0) return 0;
  size_t fields = 0;
  for (size_t at = body.find("name=\"model\"\r\n\r\n"); at != body.npos;
       at = body.find("name=\"model\"\r\n\r\n", at + 1)) {
    const size_t line = body.rfind("\r\n", at);
    const std::string_view start = body.substr(line == body.npos ? 0 : line + 2, at - line - 2);
    if (line != body.npos && line >= 3 && body.substr(line - 3, 3) == "--b" &&
        start == "Content-Disposition: form-data; " && (line == 3 || body.substr(line - 5, 2) == "\r\n")) {
      ++fields;
    }
  }
  check(fields <= 1, "no second field");
  return 0;
}
