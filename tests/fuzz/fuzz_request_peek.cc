// A peek sees what the next reader sees: a JSON document that has the model and the stream flag once, in any spelling
// of its escapes. Edits leave a JSON document valid and change only what they are for.
#include <nlohmann/json.hpp>
#include <string>

#include "api/gemini/model_places.h"
#include "api/request_peek.h"
#include "fuzz/fuzz.h"
#include "net/stream.h"

namespace {

using namespace sluice;
using fuzz::check;
using nlohmann::json;

std::string edited(std::string_view body, const std::vector<api::Edit>& edits) {
  std::vector<std::string_view> pieces;
  api::apply(body, edits, pieces);
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  check(out.size() == api::size_after(body, edits), "the size is as told");
  return out;
}

// The text with exactly the readable padding that a peek needs.
class Body {
 public:
  explicit Body(std::string_view text) : bytes_(text.begin(), text.end()), size_(text.size()) {
    bytes_.insert(bytes_.end(), net::read_padding_bytes, '"');
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::vector<char> bytes_;
  size_t size_;
};

void check_peek(std::string_view body, Dialect dialect) {
  const Result<api::Peek> peek = api::peek_request(body, dialect);
  if (!peek) return check(peek.error().code == ErrorCode::bad_request, "a refusal is the caller's");
  check(peek->model.size() <= api::max_model_bytes, "a name has its bound");
  const json read = json::parse(body, nullptr, false);
  if (!read.is_object()) return;  // what the peek skips is not validated
  const std::string_view name_key = dialect == Dialect::ollama && !read.contains("model") ? "name" : "model";
  const auto name = read.find(name_key);
  if (name != read.end() && name->is_string()) check(name->get<std::string>() == peek->model, "the same model");
  const auto stream = read.find("stream");
  if (stream != read.end() && stream->is_boolean()) check(stream->get<bool>() == peek->stream, "the same stream");
  const json after = json::parse(edited(body, api::edits_for(*peek, "a \"new\" one", true)), nullptr, false);
  check(after.is_object(), "still JSON");
  if (peek->model_bytes != 0) check(after.at(name_key) == "a \"new\" one", "renamed");
  check(after.at("stream_options").at("include_usage") == true, "usage is asked for");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Input input = fuzz::input_of(data, size);
  const Body body(input.bytes);
  if ((input.choice & 2) == 0) {
    check_peek(body.view(), (input.choice & 1) != 0 ? Dialect::ollama : Dialect::openai);
    return 0;
  }
  const auto edits = api::gemini::rename_models(body.view(), "models/old", "new");
  if (!edits) {
    check(edits.error().code == ErrorCode::bad_request, "a refusal is the caller's");
    return 0;
  }
  const bool was_json = json::accept(body.view());
  if (was_json) check(json::accept(edited(body.view(), *edits)), "still JSON");
  return 0;
}
