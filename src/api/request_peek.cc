#include "api/request_peek.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "base/json_escape.h"
#include "net/stream.h"

namespace sluice::api {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

static_assert(net::read_padding_bytes >= simdjson::SIMDJSON_PADDING);

// Parser memory above what a body of this size needs is given back after use.
constexpr size_t kept_capacity_bytes = 1024 * 1024;

tl::unexpected<Error> refuse(std::string_view what, size_t at) {
  return fail(ErrorCode::bad_request, std::string(what) + " (at byte " + std::to_string(at) + ")");
}

std::string_view trimmed(std::string_view token) {
  const size_t last = token.find_last_not_of(" \t\r\n");
  return token.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Reads one body; a helper that carries what its steps share.
class Reading {
 public:
  Reading(std::string_view body, Peek& peek) : body_(body), peek_(peek) {}

  Result<void> read(ondemand::document& document) {
    ondemand::object root;
    if (document.get_object().get(root) != simdjson::SUCCESS) {
      return refuse("the body is not a JSON object", body_.find_first_not_of(" \t\r\n") % (body_.size() + 1));
    }
    peek_.options_at = body_.find('{') + 1;
    peek_.body_empty = true;
    for (auto member : root) {
      ondemand::field field;
      const error_code error = std::move(member).get(field);
      if (error != simdjson::SUCCESS) return broken(document, error);
      peek_.body_empty = false;
      if (auto done = read_member(field, document); !done) return done;
    }
    const char* rest = nullptr;
    if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS) {
      return refuse("more follows the body's JSON object", where(document));
    }
    return {};
  }

 private:
  size_t offset(std::string_view token) const { return static_cast<size_t>(token.data() - body_.data()); }

  size_t where(ondemand::document& document) const {
    const char* at = nullptr;
    if (document.current_location().get(at) != simdjson::SUCCESS) return body_.size();
    return std::min(static_cast<size_t>(at - body_.data()), body_.size());
  }

  tl::unexpected<Error> broken(ondemand::document& document, error_code error) const {
    return refuse("the body is not valid JSON: " + std::string(simdjson::error_message(error)), where(document));
  }

  Result<void> read_member(ondemand::field& field, ondemand::document& document) {
    std::string_view key;
    const std::string_view raw = raw_key(field);
    if (raw.find('\\') == std::string_view::npos) {
      key = raw;
    } else if (const error_code error = field.unescaped_key().get(key); error != simdjson::SUCCESS) {
      return broken(document, error);
    }
    ondemand::value& value = field.value();
    if (key == "model") return read_model(value, document);
    if (key == "stream") return read_stream(value, document);
    if (key == "stream_options") return read_options(value, document);
    if (key == "name") return read_name(value, document);
    if (key.starts_with("max_")) read_most_output(key, value);
    if (key == "n") read_choices(value);
    return {};
  }

  // The key as it stands in the body, still escaped.
  static std::string_view raw_key(ondemand::field& field) {
    const char* begin = field.key().raw();
    const char* end = begin;
    while (*end != '"') end += *end == '\\' ? 2 : 1;
    return {begin, static_cast<size_t>(end - begin)};
  }

  Result<void> once(bool& seen, std::string_view name, ondemand::document& document) const {
    if (seen) return refuse("`" + std::string(name) + "` stands twice in the body", where(document));
    seen = true;
    return {};
  }

  Result<void> read_model(ondemand::value& value, ondemand::document& document) {
    if (auto first = once(seen_model_, "model", document); !first) return first;
    const std::string_view token = trimmed(value.raw_json_token());
    if (token == "null") return {};
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return refuse("`model` must be a string", offset(token));
    peek_.model = text;
    peek_.model_at = offset(token);
    peek_.model_bytes = string_bytes(token);
    return {};
  }

  // Ollama's /api/show once called it `name`; it counts where there is no `model`.
  Result<void> read_name(ondemand::value& value, ondemand::document& document) {
    if (!takes_name_) return {};
    if (auto first = once(seen_name_, "name", document); !first) return first;
    const std::string_view token = value.raw_json_token();
    std::string_view text;
    if (!token.starts_with('"') || value.get_string().get(text) != simdjson::SUCCESS) return {};
    name_ = text;
    name_at_ = offset(token);
    name_bytes_ = string_bytes(token);
    return {};
  }

  Result<void> read_stream(ondemand::value& value, ondemand::document& document) {
    if (auto first = once(seen_stream_, "stream", document); !first) return first;
    const std::string_view token = trimmed(value.raw_json_token());
    if (token == "null") return {};
    if (token != "true" && token != "false") return refuse("`stream` must be true or false", offset(token));
    peek_.stream = token == "true";
    return {};
  }

  void read_most_output(std::string_view key, ondemand::value& value) {
    if (key != "max_tokens" && key != "max_completion_tokens" && key != "max_output_tokens") return;
    const std::string_view token = trimmed(value.raw_json_token());
    uint64_t count = 0;
    const auto [end, failure] = std::from_chars(token.data(), token.data() + token.size(), count);
    if (failure != std::errc() || end != token.data() + token.size()) return;
    peek_.most_output_tokens = std::max(peek_.most_output_tokens, count);
  }

  void read_choices(ondemand::value& value) {
    const std::string_view token = trimmed(value.raw_json_token());
    uint8_t count = 0;
    const auto [end, failure] = std::from_chars(token.data(), token.data() + token.size(), count);
    if (failure == std::errc() && end == token.data() + token.size() && count > 0) peek_.choices = count;
  }

  Result<void> read_options(ondemand::value& value, ondemand::document& document) {
    if (auto first = once(seen_options_, "stream_options", document); !first) return first;
    const std::string_view token = trimmed(value.raw_json_token());
    if (token == "null") {
      peek_.options = Peek::Options::null;
      peek_.options_at = offset(token);
      peek_.options_bytes = token.size();
      return {};
    }
    ondemand::object options;
    if (!token.starts_with('{') || value.get_object().get(options) != simdjson::SUCCESS) {
      return refuse("`stream_options` must be an object", offset(token));
    }
    peek_.options = Peek::Options::object_empty;
    peek_.options_at = offset(token) + 1;
    for (auto member : options) {
      ondemand::field field;
      const error_code error = std::move(member).get(field);
      if (error != simdjson::SUCCESS) return broken(document, error);
      if (peek_.options == Peek::Options::object_empty) peek_.options = Peek::Options::object;
      std::string_view key;
      const error_code bad_key = field.unescaped_key().get(key);
      if (bad_key != simdjson::SUCCESS) return broken(document, bad_key);
      if (key != "include_usage") continue;
      if (auto done = read_include_usage(field.value(), document); !done) return done;
    }
    return {};
  }

  Result<void> read_include_usage(ondemand::value& value, ondemand::document& document) {
    if (auto first = once(seen_include_usage_, "include_usage", document); !first) return first;
    const std::string_view token = trimmed(value.raw_json_token());
    if (token == "true") {
      peek_.asks_usage = true;
    } else if (token == "false" || token == "null") {
      peek_.options = Peek::Options::include_usage_false;
      peek_.options_at = offset(token);
      peek_.options_bytes = token.size();
    } else {
      return refuse("`stream_options.include_usage` must be true or false", offset(token));
    }
    return {};
  }

  // How long the string at the start of `token` is, with its quotes.
  static size_t string_bytes(std::string_view token) {
    size_t end = 1;
    while (end < token.size() && token[end] != '"') end += token[end] == '\\' ? 2 : 1;
    return end + 1;
  }

 public:
  // Ollama: `stream` is true where it is absent, and the old `name` counts.
  void as_ollama() {
    peek_.stream = true;
    takes_name_ = true;
  }
  void settle() {
    if (peek_.model_bytes != 0 || name_bytes_ == 0) return;
    peek_.model = std::move(name_);
    peek_.model_at = name_at_;
    peek_.model_bytes = name_bytes_;
  }

 private:
  std::string_view body_;
  Peek& peek_;
  std::string name_;
  size_t name_at_ = 0;
  size_t name_bytes_ = 0;
  bool takes_name_ = false;
  bool seen_model_ = false;
  bool seen_name_ = false;
  bool seen_stream_ = false;
  bool seen_options_ = false;
  bool seen_include_usage_ = false;
};

}  // namespace

struct RequestPeeker::State {
  ondemand::parser parser;
};

RequestPeeker::RequestPeeker() : state_(std::make_unique<State>()) {}
RequestPeeker::~RequestPeeker() = default;

Result<Peek> RequestPeeker::peek(std::string_view body, Dialect dialect) {
  if (body.empty()) return fail(ErrorCode::bad_request, "the body is empty; a JSON object was expected");
  Peek peek;
  Reading reading(body, peek);
  if (dialect == Dialect::ollama) reading.as_ollama();
  const Result<void> read = [&]() -> Result<void> {
    ondemand::document document;
    const simdjson::padded_string_view padded(body, body.size() + net::read_padding_bytes);
    const error_code error = state_->parser.iterate(padded).get(document);
    if (error == simdjson::MEMALLOC) return fail(ErrorCode::overloaded, "out of memory");
    if (error != simdjson::SUCCESS) {
      return fail(ErrorCode::bad_request, "the body is not valid JSON: " + std::string(simdjson::error_message(error)));
    }
    return reading.read(document);
  }();
  if (state_->parser.capacity() > kept_capacity_bytes) state_->parser = ondemand::parser();
  if (!read) return tl::unexpected<Error>(read.error());
  reading.settle();
  return peek;
}

std::vector<Edit> edits_for(const Peek& peek, std::string_view model, bool ask_usage) {
  std::vector<Edit> edits;
  if (peek.model_bytes != 0 && peek.model != model) {
    Edit rename{peek.model_at, peek.model_bytes, {}};
    append_json_string(rename.inserted, model);
    edits.push_back(std::move(rename));
  }
  if (!ask_usage || peek.asks_usage) return edits;
  Edit ask{peek.options_at, peek.options_bytes, {}};
  switch (peek.options) {
    case Peek::Options::absent:
      ask.inserted = "\"stream_options\":{\"include_usage\":true}";
      if (!peek.body_empty) ask.inserted += ',';
      break;
    case Peek::Options::null:
      ask.inserted = "{\"include_usage\":true}";
      break;
    case Peek::Options::object:
      ask.inserted = "\"include_usage\":true,";
      break;
    case Peek::Options::object_empty:
      ask.inserted = "\"include_usage\":true";
      break;
    case Peek::Options::include_usage_false:
      ask.inserted = "true";
      break;
  }
  const bool before = !edits.empty() && ask.at < edits.front().at;
  edits.insert(before ? edits.begin() : edits.end(), std::move(ask));
  return edits;
}

void apply(std::string_view body, const std::vector<Edit>& edits, std::vector<std::string_view>& pieces) {
  pieces.reserve(pieces.size() + 2 * edits.size() + 1);
  size_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.at > at) pieces.push_back(body.substr(at, edit.at - at));
    if (!edit.inserted.empty()) pieces.push_back(edit.inserted);
    at = edit.at + edit.removed;
  }
  if (at < body.size()) pieces.push_back(body.substr(at));
}

size_t size_after(std::string_view body, const std::vector<Edit>& edits) {
  size_t size = body.size();
  for (const Edit& edit : edits) size = size - edit.removed + edit.inserted.size();
  return size;
}

}  // namespace sluice::api
