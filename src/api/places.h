// Where a dialect's answers say what is no content: token counts, the model's name, the end, an error. Each dialect has
// its table (dialect.cc in its folder); what a place means is the same in all, and UsageReader knows it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "api/json_scan.h"
#include "api/output_watch.h"
#include "api/usage.h"

namespace sluice::api {

// What is told of, and the objects on the way there.
namespace node {
enum Node : uint8_t {
  root,
  inner_message,
  inner_response,
  inner_delta,
  groq,
  meta,
  choices,
  candidates,
  prompt_feedback,
  usage,
  usage_metadata,
  cache_creation,
  timings,
  details,
  // from here on nothing is looked for inside
  model,
  type,
  finish,
  blocked,
  status,
  error,
  done,
  index,
  sequence,
  first_count  // then one for each of SentCounts
};
// What only a stream's frames have, or what only they are asked for: a body's own end tells that it has finished.
constexpr bool is_of_frames(uint8_t at) {
  return at == inner_message || at == inner_response || at == inner_delta || at == choices || at == candidates ||
         at == prompt_feedback || at == sequence;
}
constexpr uint8_t count(SentCounts::Count count) { return static_cast<uint8_t>(uint8_t{first_count} + uint8_t{count}); }
static_assert(count(SentCounts::counts) <= ScanTree::nodes);
}  // namespace node

struct Places {
  const ScanTree& frames;  // of a stream's frames and lines
  const ScanTree& bodies;
  // With their quotes, as keys or values: those of which a frame has one if it says anything beside its content.
  std::array<std::string_view, 4> words;
  OutputMarks output{};                            // where a stream's frames have output
  std::span<const std::string_view> last_types{};  // how the `type` of a stream's last frame ends
  std::string_view sentinel{};                     // the frame that is a stream's last one, with the blank line
  bool reason_ends = false;                        // a reason to finish is that of the whole answer, not of one choice
  bool numbers_frames = false;                     // by sequence_number
  bool usage_has_own_frame = false;                // without choices, and only where it was asked for
  bool counts_may_fall = false;                    // a frame corrects the one before
  bool cache_beside_input = false;                 // the cached input is no part of the input's count
  bool reasoning_beside_output = false;            // the same of the output's
  bool streams_lines = false;                      // JSON that was to be a stream is lines, whatever its type says
  bool streams_arrays = false;                     // JSON that was to be a stream is one array
};

// Lists of places put together, in a ScanTree's order.
template <size_t... sizes>
constexpr auto joined_places(const std::array<ScanEdge, sizes>&... lists) {
  std::array<ScanEdge, (sizes + ...)> all{};
  auto* end = all.data();
  ((end = std::copy(lists.begin(), lists.end(), end)), ...);
  std::sort(all.begin(), all.end(), [](const ScanEdge& a, const ScanEdge& b) { return a.parent < b.parent; });
  return all;
}
constexpr bool is_of_bodies(const ScanEdge& edge) {
  return !node::is_of_frames(edge.parent) && !node::is_of_frames(edge.node);
}
// Those that a body has, too: body_places<list>.
template <const auto& list>
inline constexpr auto body_places = [] {
  std::array<ScanEdge, static_cast<size_t>(std::count_if(list.begin(), list.end(), is_of_bodies))> some{};
  std::copy_if(list.begin(), list.end(), some.begin(), is_of_bodies);
  return some;
}();

// What several dialects have: the model, an error, and an object of counts by these names.
inline constexpr std::array usage_places = std::to_array<ScanEdge>({
    {node::root, "type", node::type},
    {node::root, "model", node::model},
    {node::root, "error", node::error},
    {node::root, "usage", node::usage},
    {node::root, "timings", node::timings},  // llama.cpp, where there is no usage
    {node::usage, "prompt_tokens", node::count(SentCounts::input)},
    {node::usage, "completion_tokens", node::count(SentCounts::output)},
    {node::usage, "total_tokens", node::count(SentCounts::total)},
    {node::usage, "input_tokens", node::count(SentCounts::input)},
    {node::usage, "output_tokens", node::count(SentCounts::output)},
    {node::usage, "cache_read_input_tokens", node::count(SentCounts::cache_read)},
    {node::usage, "cache_creation_input_tokens", node::count(SentCounts::cache_write)},
    {node::usage, "cache_creation", node::cache_creation},
    {node::usage, "prompt_tokens_details", node::details},
    {node::usage, "completion_tokens_details", node::details},
    {node::usage, "input_tokens_details", node::details},
    {node::usage, "output_tokens_details", node::details},
    {node::cache_creation, "ephemeral_5m_input_tokens", node::count(SentCounts::cache_write_5m)},
    {node::cache_creation, "ephemeral_1h_input_tokens", node::count(SentCounts::cache_write_1h)},
    {node::details, "cached_tokens", node::count(SentCounts::cache_read)},
    {node::details, "cache_write_tokens", node::count(SentCounts::cache_write)},
    {node::details, "reasoning_tokens", node::count(SentCounts::reasoning)},
    {node::details, "thinking_tokens", node::count(SentCounts::reasoning)},
    {node::timings, "prompt_n", node::count(SentCounts::llama_prompt)},
    {node::timings, "cache_n", node::count(SentCounts::llama_cached)},
    {node::timings, "predicted_n", node::count(SentCounts::llama_output)},
});

}  // namespace sluice::api
