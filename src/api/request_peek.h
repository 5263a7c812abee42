// What sluice must know of a request body before it can route it, and the few bytes it may change: the model's name and
// stream_options.include_usage. The body is never rebuilt.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/dialect.h"
#include "base/result.h"

namespace sluice::api {

// Of a model's name in a request, which appears in records, log lines and an answer's head.
inline constexpr size_t max_model_bytes = 256;
// Of the body, and of stream_options: no API has a hundred, and every parser spends time on each.
inline constexpr size_t max_peeked_members = 10'000;

struct Peek {
  std::string model;       // unescaped; empty if there is none
  size_t model_at = 0;     // where its JSON value begins, with the quotes, in the body
  size_t model_bytes = 0;  // and how long it is; 0: no model (model_at != 0: it is null)
  size_t name_at = 0;      // the same for `name` (PeekRules), if it is there besides `model`, with the same value
  size_t name_bytes = 0;
  bool stream = false;
  bool asks_usage = false;    // stream_options.include_usage is true already
  bool names_others = false;  // has `models` or `fallbacks`, which some providers try besides `model`
  // The largest of the fields that bound an answer in this dialect (PeekRules); 0: none is at the top level, or it is
  // not a whole number (the target may reject that).
  uint64_t max_output_tokens = 0;
  uint32_t choices = 1;  // `n`, if it is a small whole number
  // stream_options: where include_usage has to be written to ask for usage.
  enum class Options : unsigned char { absent, null, object, object_empty, include_usage_false };
  Options options = Options::absent;
  // absent: just after the body's '{'; object*: just after its '{'; null, include_usage_false: the value
  size_t options_at = 0;
  size_t options_bytes = 0;  // of the value to be replaced; 0 if something is inserted
  bool body_empty = false;   // the root object has no members ("{}")
};

// What bounds the tokens of one answer, in one dialect or another.
inline constexpr std::array<std::string_view, 3> max_output_fields = {"max_tokens", "max_completion_tokens",
                                                                      "max_output_tokens"};

// What dialects do differently.
struct PeekRules {
  std::array<bool, max_output_fields.size()> max_output{};  // which of max_output_fields it has; it ignores the others
  bool streams_unasked = false;                             // an absent `stream` means true
  bool takes_name = false;                                  // `name` counts if there is no `model`
};

// Reads the top level of a JSON object. `body` needs net::read_padding_bytes readable bytes behind it. bad_request says
// what is wrong and where (byte offset), also for a `model`, `stream` or `stream_options` that has the wrong type, or
// that another parser could read another value of: it is there twice, or spelled `Model`.
Result<Peek> peek_request(std::string_view body, Dialect dialect);

// A bad_request that names the byte of the body.
[[gnu::cold]] tl::unexpected<Error> wrong_at(std::string_view what, size_t at);

// A model's name, unescaped, from the JSON value at byte `at` of a body. bad_request if it is not a string, has more
// than max_model_bytes bytes or is not Unicode; `what` names it in the error's text.
Result<std::string> read_model_name(std::string_view value, std::string_view what, size_t at);

// Replaces `removed` bytes at `at` by `inserted`.
struct Edit {
  size_t at = 0;
  size_t removed = 0;
  std::string inserted;
};
// The edits, in order of `at`, that rename the model to `model` (none if it has that name) and, with `ask_usage`, add
// the request for usage.
std::vector<Edit> edits_for(const Peek& peek, std::string_view model, bool ask_usage);
// The body with the edits as pieces, for one gathered write: views into `body` and into `edits`.
void apply(std::string_view body, const std::vector<Edit>& edits, std::vector<std::string_view>& pieces);
size_t size_after(std::string_view body, const std::vector<Edit>& edits);

}  // namespace sluice::api
