// What sluice must know of a request body before it can route it, and the few bytes it may change: the model's name and
// stream_options.include_usage. The body is never rebuilt.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "base/result.h"

namespace sluice::api {

struct Peek {
  std::string model;       // unescaped; empty if there is none
  size_t model_at = 0;     // where its JSON value begins, with the quotes, in the body
  size_t model_bytes = 0;  // and how long it is; 0: no model
  bool stream = false;
  bool asks_usage = false;  // stream_options.include_usage is true already
  // max_tokens, max_completion_tokens or max_output_tokens, the largest; 0: none stands at the top level, or it is no
  // whole number (that is the target's to refuse).
  uint64_t most_output_tokens = 0;
  uint32_t choices = 1;  // openai's `n`, where it is a small whole number
  // stream_options: where include_usage has to be written to ask for usage.
  enum class Options : unsigned char { absent, null, object, object_empty, include_usage_false };
  Options options = Options::absent;
  // absent: just behind the body's '{'; object*: just behind its '{'; null, include_usage_false: the value
  size_t options_at = 0;
  size_t options_bytes = 0;  // of the value to be replaced; 0 where something is inserted
  bool body_empty = false;   // the root object has no members ("{}")
};

// Reads the top level of a JSON object with simdjson, without building a document. `body` needs net::read_padding_bytes
// readable bytes behind it. bad_request says what is wrong and where (byte offset), also for a `model`, `stream` or
// `stream_options` that stands twice or has the wrong type. Ollama's `stream` is true where it is absent.
class RequestPeeker {
 public:
  RequestPeeker();
  ~RequestPeeker();
  Result<Peek> peek(std::string_view body, Dialect dialect);

 private:
  struct State;
  std::unique_ptr<State> state_;  // the parser's memory, kept between requests, given back after a large body
};

// Replaces `removed` bytes at `at` by `inserted`.
struct Edit {
  size_t at = 0;
  size_t removed = 0;
  std::string inserted;
};
// The edits, in order of `at`, that rename the model to `model` (none if it has that name) and, with `ask_usage`, ask
// for usage.
std::vector<Edit> edits_for(const Peek& peek, std::string_view model, bool ask_usage);
// The body with the edits as pieces, for one gathered write: views into `body` and into `edits`.
void apply(std::string_view body, const std::vector<Edit>& edits, std::vector<std::string_view>& pieces);
size_t size_after(std::string_view body, const std::vector<Edit>& edits);

// Finds the `model` field of a multipart/form-data body as it arrives (RFC 7578). Feed it the growing body from the
// start each time (it remembers how far it came). The body may be sent on as soon as found() or done(). The first
// `model` counts; what comes behind it is not looked at.
class MultipartPeeker {
 public:
  // `content_type` of the request; bad_request without a boundary.
  static Result<MultipartPeeker> create(std::string_view content_type);
  // `body`: all of it so far. bad_request where it is not multipart.
  Result<void> advance(std::string_view body);
  bool found() const { return found_; }  // the model's value is whole: model_at, model
  bool done() const { return done_; }    // the closing boundary came
  size_t model_at() const { return model_at_; }
  const std::string& model() const { return model_; }

 private:
  // What is looked for at position_.
  enum class Stage : unsigned char { delimiter, after, part_head, model };
  Result<void> find_delimiter(std::string_view body);
  Result<void> read_delimiter_end(std::string_view body);
  Result<void> read_part_head(std::string_view body);
  Result<void> read_model(std::string_view body);

  std::string boundary_;  // with the CRLF and the two hyphens before it
  Stage stage_ = Stage::delimiter;
  bool began_ = false;   // the first boundary came
  size_t position_ = 0;  // all before it is understood
  size_t scanned_ = 0;   // what is looked for does not begin before it
  size_t model_at_ = 0;
  std::string model_;
  bool found_ = false;
  bool done_ = false;
};

}  // namespace sluice::api
