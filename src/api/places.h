// Where a dialect's answers state what is not content: token counts, the model's name, the end, an error. Each dialect
// has its table (dialect.cc in its folder); a place means the same in all of them, and UsageReader knows what.
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

// The values that are read, and the objects on the way there.
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
  // from here on, nothing inside is read
  model,
  type,
  finish,
  blocked,
  status,
  error,
  done,
  index,
  sequence,
  first_count  // followed by one for each of SentCounts
};
// What only a stream's frames have, or what is read only in them: a body has finished when its JSON ends.
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
  // Keys or values, with their quotes: a frame that states anything besides its content has one of them.
  std::array<std::string_view, 4> words;
  OutputMarks output{};                            // where a stream's frames have output
  std::span<const std::string_view> last_types{};  // suffixes of the `type` of a stream's last frame
  std::string_view sentinel{};                     // a stream's last frame, with the blank line
  bool reason_ends = false;                        // a finish reason ends the whole answer, not one choice
  bool numbers_frames = false;                     // with sequence_number
  bool usage_has_own_frame = false;                // without choices, and only if asked for
  bool counts_may_fall = false;                    // a frame corrects the one before
  bool cache_beside_input = false;                 // the input's count does not include cached input
  bool reasoning_beside_output = false;            // the output's count does not include reasoning
  bool streams_lines = false;                      // if a stream was asked for, JSON is lines, whatever its type says
  bool streams_arrays = false;                     // if a stream was asked for, JSON is one array
};

// Joins lists of places, in a ScanTree's order.
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
// The places that bodies have too: body_places<list>.
template <const auto& list>
inline constexpr auto body_places = [] {
  std::array<ScanEdge, static_cast<size_t>(std::count_if(list.begin(), list.end(), is_of_bodies))> some{};
  std::copy_if(list.begin(), list.end(), some.begin(), is_of_bodies);
  return some;
}();

// Places that several dialects share: the model, an error, and an object of counts with these names.
inline constexpr std::array usage_places = std::to_array<ScanEdge>({
    {node::root, "type", node::type},
    {node::root, "model", node::model},
    {node::root, "error", node::error},
    {node::root, "usage", node::usage},
    {node::root, "timings", node::timings},  // llama.cpp, if there is no usage
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
