#include "api/request_peek.h"

#include <algorithm>
#include <utility>

#include "api/dialect.h"
#include "api/json_cursor.h"
#include "api/json_unescape.h"
#include "api/json_value.h"
#include "api/key_spelling.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "http/message.h"

namespace sluice::api {
namespace {

enum class Key : unsigned char {
  other,
  model,
  stream,
  options,
  include_usage,
  name,
  others,
  max_output,
  max_output_2,
  max_output_3,
  choices
};

struct KnownKey {
  std::string_view text;
  Key key;
};
constexpr KnownKey top_keys[] = {{"model", Key::model},
                                 {"stream", Key::stream},
                                 {"stream_options", Key::options},
                                 {"name", Key::name},
                                 {"models", Key::others},
                                 {"fallbacks", Key::others},
                                 {max_output_fields[0], Key::max_output},
                                 {max_output_fields[1], Key::max_output_2},
                                 {max_output_fields[2], Key::max_output_3},
                                 {"n", Key::choices}};
constexpr uint64_t max_asked_choices = 255;  // no API takes more
constexpr KnownKey option_keys[] = {{"include_usage", Key::include_usage}};

// Reads one body; holds what the steps share.
class Reading {
 public:
  Reading(std::string_view body, Peek& peek, const PeekRules& rules) : body_(body), peek_(peek), rules_(rules) {}

  Result<void> read() {
    JsonCursor cursor(body_);
    if (!cursor.take('{')) return wrong_at("the body is not a JSON object", cursor.offset());
    peek_.options_at = cursor.offset();
    peek_.body_empty = true;
    if (auto done = read_members(cursor, top_keys); !done) return done;
    if (!cursor.at_end()) return wrong_at("more follows the body's JSON object", cursor.offset());
    return settle_name();
  }

 private:
  size_t offset(std::string_view token) const { return static_cast<size_t>(token.data() - body_.data()); }
  tl::unexpected<Error> broken(size_t at) const { return wrong_at("the body is not valid JSON", at); }
  [[gnu::cold]] static tl::unexpected<Error> too_many(size_t at) {
    return wrong_at("an object of the body has more than " + std::to_string(max_peeked_members) + " members", at);
  }

  // The rest of an object whose '{' has been taken.
  template <size_t n>
  Result<void> read_members(JsonCursor& cursor, const KnownKey (&known)[n]) {
    std::string_view raw;
    size_t left = max_peeked_members;
    for (bool first = true;;) {
      const JsonStep step = next_member(cursor, first, raw);
      if (step == JsonStep::end) return {};
      if (step == JsonStep::broken) return broken(cursor.offset());
      if (left-- == 0) return too_many(offset(raw));
      peek_.body_empty = false;
      Key key = Key::other;
      if (may_be_known(raw)) {
        const Result<Key> told = key_of(raw, known);
        if (!told) return tl::unexpected<Error>(told.error());
        key = *told;
      }
      const std::optional<std::string_view> value = cursor.take_value();
      if (!value) return broken(cursor.offset());
      if (key == Key::other) continue;
      if (auto done = read_value(key, *value); !done) return done;
    }
  }

  // Whether a key needs a closer look: the first letter rules most of them out.
  static bool may_be_known(std::string_view raw) {
    if (raw.empty()) return false;
    const auto first = static_cast<unsigned char>(raw.front());
    switch (first | 0x20u) {
      case 'm':
      case 's':
      case 'n':
      case 'f':
      case 'i':
        return true;
      default:
        return first <= ' ' || first >= 0x7f || raw.find('\\') != std::string_view::npos;
    }
  }

  // ASCII only, without escapes, and without white space at its ends.
  static bool is_plain(std::string_view raw) {
    for (const char c : raw) {
      if (static_cast<unsigned char>(c) >= 0x80 || c == '\\') return false;
    }
    return raw.front() > ' ' && raw.back() > ' ';
  }

  template <size_t n>
  Result<Key> key_of(std::string_view raw, const KnownKey (&known)[n]) const {
    for (const KnownKey& one : known) {
      if (raw.size() == one.text.size() && raw == one.text) return one.key;
    }
    if (!is_plain(raw)) return odd_key(raw, known);
    for (const KnownKey& one : known) {
      if (raw.size() == one.text.size() && http::same_name(raw, one.text)) return other_spelling(raw, one);
    }
    return Key::other;
  }

  // A key with escapes, bytes outside of ASCII or white space at its ends.
  template <size_t n>
  [[gnu::cold]] Result<Key> odd_key(std::string_view raw, const KnownKey (&known)[n]) const {
    std::string key;
    if (!append_json_unescaped(key, raw)) return broken(offset(raw));
    const std::string lenient = lenient_key(key);
    for (const KnownKey& one : known) {
      if (key == one.text) return one.key;
      if (lenient == one.text) return other_spelling(raw, one);
    }
    return Key::other;
  }

  // Another parser may take it for the key itself.
  [[gnu::cold]] Result<Key> other_spelling(std::string_view raw, const KnownKey& as) const {
    if (as.key >= Key::others) return as.key;
    if (as.key == Key::name && !rules_.takes_name) return Key::other;
    std::string text = "`";
    append_json_escaped(text, cut_to(raw, max_model_bytes));
    text += "` can be read as `";
    text += as.text;
    return wrong_at(text + "`; write it so, and once", offset(raw));
  }

  Result<void> read_value(Key key, std::string_view value) {
    switch (key) {
      case Key::model:
        return read_model(value);
      case Key::stream:
        return read_stream(value);
      case Key::options:
        return read_options(value);
      case Key::include_usage:
        return read_include_usage(value);
      case Key::name:
        return read_name(value);
      case Key::others:
        peek_.names_others = true;
        return {};
      case Key::max_output:
      case Key::max_output_2:
      case Key::max_output_3:
        if (rules_.max_output[static_cast<size_t>(key) - static_cast<size_t>(Key::max_output)]) read_most_output(value);
        return {};
      case Key::choices:
        read_choices(value);
        return {};
      case Key::other:
        break;
    }
    return {};
  }

  Result<void> once(bool& seen, std::string_view name, std::string_view value) const {
    if (seen) return wrong_at("`" + std::string(name) + "` occurs twice in the body", offset(value));
    seen = true;
    return {};
  }

  Result<void> read_model(std::string_view value) {
    if (auto first = once(seen_model_, "model", value); !first) return first;
    peek_.model_at = offset(value);
    if (value == "null") return {};
    Result<std::string> text = read_model_name(value, "`model`", offset(value));
    if (!text) return tl::unexpected<Error>(text.error());
    peek_.model = std::move(*text);
    peek_.model_bytes = value.size();
    return {};
  }

  // Ollama's /api/show once called it `name`; it counts if there is no `model`.
  Result<void> read_name(std::string_view value) {
    if (!rules_.takes_name) return {};
    if (auto first = once(seen_name_, "name", value); !first) return first;
    if (!value.starts_with('"')) return {};
    Result<std::string> text = read_model_name(value, "`name`", offset(value));
    if (!text) return tl::unexpected<Error>(text.error());
    name_ = std::move(*text);
    peek_.name_at = offset(value);
    peek_.name_bytes = value.size();
    return {};
  }

  Result<void> settle_name() {
    if (peek_.name_bytes == 0) return {};
    if (peek_.model_bytes == 0) {
      peek_.model = std::move(name_);
      peek_.model_at = std::exchange(peek_.name_at, 0);
      peek_.model_bytes = std::exchange(peek_.name_bytes, 0);
    } else if (name_ != peek_.model) {
      return wrong_at("`name` and `model` differ", peek_.name_at);
    }
    return {};
  }

  Result<void> read_stream(std::string_view value) {
    if (auto first = once(seen_stream_, "stream", value); !first) return first;
    if (value == "null") return {};
    if (value != "true" && value != "false") {
      return wrong_at("`stream` must be true or false", offset(value));
    }
    peek_.stream = value == "true";
    return {};
  }

  void read_most_output(std::string_view value) {
    peek_.max_output_tokens = std::max(peek_.max_output_tokens, count_of(value).value_or(0));
  }

  void read_choices(std::string_view value) {
    const uint64_t count = count_of(value).value_or(0);
    if (count > 0 && count <= max_asked_choices) peek_.choices = static_cast<uint32_t>(count);
  }

  Result<void> read_options(std::string_view value) {
    if (auto first = once(seen_options_, "stream_options", value); !first) return first;
    const size_t at = offset(value);
    if (value == "null") {
      peek_.options = Peek::Options::null;
      peek_.options_at = at;
      peek_.options_bytes = value.size();
      return {};
    }
    if (!value.starts_with('{')) return wrong_at("`stream_options` must be an object", at);
    peek_.options = Peek::Options::object_empty;
    peek_.options_at = at + 1;
    JsonCursor cursor(value);
    cursor.take('{');
    if (cursor.next() != '}') peek_.options = Peek::Options::object;
    return read_members(cursor, option_keys);
  }

  Result<void> read_include_usage(std::string_view value) {
    if (auto first = once(seen_include_usage_, "include_usage", value); !first) return first;
    if (value == "true") {
      peek_.asks_usage = true;
    } else if (value == "false" || value == "null") {
      peek_.options = Peek::Options::include_usage_false;
      peek_.options_at = offset(value);
      peek_.options_bytes = value.size();
    } else {
      return wrong_at("`stream_options.include_usage` must be true or false", offset(value));
    }
    return {};
  }

  const std::string_view body_;
  Peek& peek_;
  std::string name_;
  const PeekRules& rules_;
  bool seen_model_ = false;
  bool seen_name_ = false;
  bool seen_stream_ = false;
  bool seen_options_ = false;
  bool seen_include_usage_ = false;
};

// True for nearly every name: no escapes, no control characters, only ASCII, and short enough.
bool is_simple_name(std::string_view text) {
  if (text.size() > max_model_bytes) return false;
  for (const char c : text) {
    if (c < ' ' || c == '\\' || c == '\x7f') return false;
  }
  return true;
}

}  // namespace

tl::unexpected<Error> wrong_at(std::string_view what, size_t at) {
  return fail(ErrorCode::bad_request, std::string(what) + " (at byte " + std::to_string(at) + ")");
}

Result<std::string> read_model_name(std::string_view value, std::string_view what, size_t at) {
  constexpr size_t max_escape = 6;  // "\u0061"
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  const auto wrong = [what, at](const std::string& text) { return wrong_at(std::string(what) + text, at); };
  if (value.size() < 2 || !value.starts_with('"')) return wrong(" must be a string");
  value = value.substr(1, value.size() - 2);
  if (is_simple_name(value)) return std::string(value);
  std::string text;
  if (value.size() <= max_escape * max_model_bytes) {
    if (!append_json_unescaped(text, value)) return wrong(" must be a string");
  }
  if (value.size() > max_escape * max_model_bytes || text.size() > max_model_bytes) {
    return wrong(" has more than " + std::to_string(max_model_bytes) + " bytes");
  }
  // Half a surrogate pair, or bytes that are not UTF-8: parsers disagree on what they mean.
  bool good = value.find('\\') == std::string_view::npos || text.find(replacement) == std::string::npos;
  for (std::string_view rest = text; good && !rest.empty();) {
    const size_t bytes = utf8_sequence_bytes(rest);
    good = bytes != 0;
    rest.remove_prefix(bytes);
  }
  if (!good) return wrong(" is not valid Unicode");
  return text;
}

Result<Peek> peek_request(std::string_view body, Dialect dialect) {
  if (body.empty()) return fail(ErrorCode::bad_request, "the body is empty; a JSON object was expected");
  Peek peek;
  const PeekRules& rules = room_of(dialect).peek;
  peek.stream = rules.streams_unasked;
  if (const Result<void> read = Reading(body, peek, rules).read(); !read) {
    return tl::unexpected<Error>(read.error());
  }
  return peek;
}

static std::vector<Edit> in_order(std::vector<Edit> edits) {
  if (edits.size() > 1) std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.at < b.at; });
  return edits;
}

std::vector<Edit> edits_for(const Peek& peek, std::string_view model, bool ask_usage) {
  std::vector<Edit> edits;
  if (peek.model_bytes != 0 && peek.model != model) {
    Edit rename{peek.model_at, peek.model_bytes, {}};
    append_json_string(rename.inserted, model);
    if (peek.name_bytes != 0) edits.push_back({peek.name_at, peek.name_bytes, rename.inserted});
    edits.push_back(std::move(rename));
  }
  if (!ask_usage || peek.asks_usage) return in_order(std::move(edits));
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
  edits.push_back(std::move(ask));
  return in_order(std::move(edits));
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
