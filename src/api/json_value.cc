#include "api/json_value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "api/json_block.h"
#include "api/json_cursor.h"
#include "api/json_unescape.h"
#include "base/json_writer.h"

namespace sluice::api {

std::string_view TextArena::unescape(JsonText text) {
  if (text.escaped.find('\\') == std::string_view::npos) return text.escaped;
  std::string plain;
  append_json_unescaped(plain, text.escaped);
  return keep(std::move(plain));
}

std::string_view TextArena::join(std::string_view first, std::string_view between, std::string_view last) {
  const auto grown = joined_.find(first.data());
  std::string* text = nullptr;
  if (grown != joined_.end() && grown->second->size() == first.size()) {
    text = grown->second;
    joined_.erase(grown);
  } else {
    text = &texts_.emplace_back(first);
  }
  text->append(between).append(last);
  joined_[text->data()] = text;
  return *text;
}

JsonText TextArena::escape(std::string_view text) {
  if (is_plain_json(text)) return {text};
  std::string escaped;
  append_json_escaped(escaped, text);
  return {keep(std::move(escaped))};
}

// --- reading ---

namespace {

constexpr bool is_json_digit(char c) { return c >= '0' && c <= '9'; }

constexpr uint8_t escape_letter = 1, hex_letter = 2;
constexpr auto escape_kinds = [] {
  std::array<uint8_t, 256> of{};
  for (const char c : std::string_view(R"("\/bfnrt)")) of[static_cast<unsigned char>(c)] |= escape_letter;
  for (const char c : std::string_view("0123456789abcdefABCDEF")) of[static_cast<unsigned char>(c)] |= hex_letter;
  return of;
}();
constexpr uint8_t kind_of(char c) { return escape_kinds[static_cast<unsigned char>(c)]; }

// The position behind the number that begins at `at`; nullptr where there is none (RFC 8259 6).
const char* behind_json_number(const char* at, const char* end) {
  if (at != end && *at == '-') ++at;
  if (at == end || !is_json_digit(*at)) return nullptr;
  if (*at == '0') {
    ++at;
  } else {
    while (at != end && is_json_digit(*at)) ++at;
  }
  if (at != end && *at == '.') {
    const char* const first = ++at;
    while (at != end && is_json_digit(*at)) ++at;
    if (at == first) return nullptr;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const char* const first = at;
    while (at != end && is_json_digit(*at)) ++at;
    if (at == first) return nullptr;
  }
  return at;
}

}  // namespace

class JsonDocument::Parser {
 public:
  Parser(std::string_view text, std::vector<Node>& nodes, size_t most_elements)
      : begin_(text.data()),
        at_(begin_),
        end_(begin_ + text.size()),
        nodes_(nodes),
        most_elements_(most_elements),
        elements_left_(most_elements) {}

  // Each step returns whether it succeeded and leaves its message in wrong_ if not: returning a Result would cost more
  // than the step.
  Result<void> parse() {
    if (whole()) return {};
    return fail(ErrorCode::bad_request, std::move(wrong_));
  }

 private:
  bool whole() {
    skip_space();
    if (!value({})) return false;
    while (depth_ != 0) {
      if (!step()) return false;
    }
    skip_space();
    return at_ == end_ || wrong("there is more text after the JSON value");
  }

  struct Key {
    uint32_t begin = 0, end = 0;
    bool escaped = false;
  };

  uint32_t offset(const char* at) const { return static_cast<uint32_t>(at - begin_); }
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  [[gnu::cold]] bool wrong(std::string_view what) {
    wrong_ = "the JSON is broken at byte " + std::to_string(at_ - begin_) + ": " + std::string(what);
    return false;
  }

  // The next member, element or end of the innermost array or object.
  bool step() {
    Node& open = nodes_[stack_[depth_ - 1]];
    const bool is_object = open.kind == JsonType::object;
    skip_space();
    if (at_ == end_) return wrong("it ends within an array or object");
    if (*at_ == (is_object ? '}' : ']') && !after_comma_) {
      ++at_;
      open.end = offset(at_);
      open.next = static_cast<uint32_t>(nodes_.size());
      --depth_;
      first_ = false;
      return true;
    }
    if (!first_ && !after_comma_) {
      if (*at_ != ',') return wrong("a comma or a bracket is missing");
      ++at_;
      after_comma_ = true;
      return true;
    }
    Key key;
    if (is_object) {
      if (!take_key(key)) return false;
    }
    first_ = after_comma_ = false;
    return value(key);
  }

  bool take_key(Key& key) {
    if (*at_ != '"') return wrong("a member has no name in quotes");
    key.begin = offset(at_) + 1;
    if (!string(key.escaped)) return false;
    key.end = offset(at_) - 1;
    skip_space();
    if (at_ == end_ || *at_ != ':') return wrong("a colon is missing");
    ++at_;
    skip_space();
    return true;
  }

  bool value(const Key& key) {
    if (at_ == end_) return wrong("a value is missing");
    Node node{offset(at_), 0, 0, key.begin, key.end, JsonType::null, key.escaped};
    bool escaped = false;
    switch (*at_) {
      case '{':
      case '[':
        if (depth_ == max_depth) return wrong("arrays and objects are nested too deep");
        node.kind = *at_ == '{' ? JsonType::object : JsonType::array;
        stack_[depth_++] = static_cast<uint32_t>(nodes_.size());
        ++at_;
        first_ = true;
        return add(node);
      case '"':
        node.kind = JsonType::string;
        if (!string(escaped)) return false;
        break;
      case 't':
      case 'f':
      case 'n':
        if (!literal(node.kind)) return false;
        break;
      default: {
        const char* const behind = behind_json_number(at_, end_);
        if (behind == nullptr) return wrong("this is not a JSON value");
        node.kind = JsonType::number;
        at_ = behind;
      }
    }
    node.end = offset(at_);
    node.next = static_cast<uint32_t>(nodes_.size()) + 1;
    return add(node);
  }

  bool add(const Node& node) {
    const bool is_element = node.key_begin == 0 && node.kind != JsonType::number;
    if (nodes_.size() == max_values || (is_element && elements_left_-- == 0)) return too_many();
    nodes_.push_back(node);
    return true;
  }
  [[gnu::cold]] bool too_many() {
    wrong_ = "the JSON has more than " + std::to_string(most_elements_) + " elements in its arrays, or " +
             std::to_string(max_values) + " values, which is more than can be translated";
    return false;
  }

  bool literal(JsonType& kind) {
    const std::string_view rest(at_, static_cast<size_t>(end_ - at_));
    const std::string_view word = *at_ == 't' ? "true" : *at_ == 'f' ? "false" : "null";
    if (!rest.starts_with(word)) return wrong("this is not a JSON value");
    kind = *at_ == 'n' ? JsonType::null : JsonType::boolean;
    at_ += word.size();
    return true;
  }

  // Moves from the opening quote to behind the closing one.
  bool string(bool& escaped) {
    const char* at = at_ + 1;
    for (;;) {
      at = find_not_plain(at, end_);
      if (at == end_) return wrong("a string is not closed");
      const auto byte = static_cast<unsigned char>(*at);
      if (byte == '"') break;
      if (byte == '\\') {
        escaped = true;
        at = skip_escaped_blocks(at);
        if (at != end_ && *at == '\\' && !skip_escape(at)) return wrong_in(at, "a string holds a broken escape");
      } else if (byte < 0x20) {
        return wrong_in(at, "a string holds a control character");
      } else {
        do {
          const size_t bytes = utf8_sequence_bytes({at, static_cast<size_t>(end_ - at)});
          if (bytes == 0) return wrong_in(at, "a string is not UTF-8");
          at += bytes;
        } while (at != end_ && static_cast<unsigned char>(*at) >= 0x80);
      }
    }
    at_ = at + 1;
    return true;
  }

  // A text with one escape is likely to have many. Skips the 64-byte blocks from the backslash at `at` that hold only
  // plain characters and valid escapes; returns where the string has to be read on.
  const char* skip_escaped_blocks(const char* at) const {
    bool escaped = false;
    for (; end_ - at >= static_cast<std::ptrdiff_t>(JsonStringBlock::size); at += JsonStringBlock::size) {
      const JsonStringBlock block(at, escaped);
      const uint64_t stops = block.quotes | block.not_plain;
      const uint64_t before = stops == 0 ? ~uint64_t{0} : (stops & -stops) - 1;
      for (uint64_t escapes = block.rare_escapes & before; escapes != 0; escapes &= escapes - 1) {
        const char* const backslash = at + std::countr_zero(escapes) - 1;
        const char* behind = backslash;
        if (!skip_escape(behind)) return backslash;
      }
      if (stops != 0) {
        const bool is_escaped = (block.rare_escapes & stops & -stops) != 0;
        return at + std::countr_zero(stops) - (is_escaped ? 1 : 0);
      }
    }
    return escaped ? at - 1 : at;
  }

  [[gnu::cold]] bool wrong_in(const char* at, std::string_view what) {
    at_ = at;
    return wrong(what);
  }

  // Moves `at` from a backslash to behind its escape; false if that is broken.
  bool skip_escape(const char*& at) const {
    if (end_ - at < 2) return false;
    if ((kind_of(at[1]) & escape_letter) != 0) {
      at += 2;
      return true;
    }
    if (at[1] != 'u' || end_ - at < 6) return false;
    if ((kind_of(at[2]) & kind_of(at[3]) & kind_of(at[4]) & kind_of(at[5]) & hex_letter) == 0) return false;
    at += 6;
    return true;
  }

  const char* const begin_;
  const char* at_;
  const char* const end_;
  std::vector<Node>& nodes_;
  std::array<uint32_t, max_depth> stack_;
  unsigned depth_ = 0;
  const size_t most_elements_;
  size_t elements_left_;
  bool first_ = false;  // nothing of the innermost array or object has been read yet
  bool after_comma_ = false;
  std::string wrong_;
};

Result<void> JsonDocument::parse(std::string_view text) {
  nodes_.clear();
  text_ = text;
  if (text.size() >= UINT32_MAX) return fail(ErrorCode::bad_request, "the JSON is larger than 4 GiB");
  Result<void> done = Parser(text, nodes_, max_elements_).parse();
  if (!done) nodes_.clear();
  return done;
}

// --- values ---

JsonType JsonValue::kind() const { return exists() ? document_->nodes_[index_].kind : JsonType::absent; }

std::string_view JsonValue::raw() const {
  if (!exists()) return {};
  const JsonDocument::Node& node = document_->nodes_[index_];
  return document_->text_.substr(node.begin, node.end - node.begin);
}

JsonText JsonValue::text() const {
  if (!is_string()) return {};
  const std::string_view quoted = raw();
  return {quoted.substr(1, quoted.size() - 2)};
}

std::string_view JsonValue::word() const {
  const std::string_view text = this->text().escaped;
  return text.find('\\') == std::string_view::npos ? text : std::string_view();
}

std::optional<bool> JsonValue::boolean() const {
  if (!is(JsonType::boolean)) return std::nullopt;
  return raw() == "true";
}

std::optional<double> JsonValue::number() const {
  if (!is(JsonType::number)) return std::nullopt;
  const std::string_view digits = raw();
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<uint64_t> JsonValue::count() const {
  if (!is(JsonType::number)) return std::nullopt;
  return count_of(raw());
}

std::optional<uint64_t> count_of(std::string_view value) {
  const char* const end = value.data() + value.size();
  uint64_t whole = 0;
  const auto [whole_end, error] = std::from_chars(value.data(), end, whole);
  if (error == std::errc() && whole_end == end) return whole;
  constexpr double too_large = 9007199254740992;  // 2^53: above, doubles are no longer exact
  double other = 0;
  const auto [other_end, other_error] = std::from_chars(value.data(), end, other);
  if (other_error != std::errc() || other_end != end || !(other >= 0 && other <= too_large)) return std::nullopt;
  return other == std::floor(other) ? std::optional(static_cast<uint64_t>(other)) : std::nullopt;
}

JsonText JsonValue::key() const {
  if (!exists()) return {};
  const JsonDocument::Node& node = document_->nodes_[index_];
  return {document_->text_.substr(node.key_begin, node.key_end - node.key_begin)};
}

bool JsonValue::named(std::string_view name) const {
  if (!exists()) return false;
  if (!document_->nodes_[index_].key_escaped) return key().escaped == name;
  std::string plain;
  return append_json_unescaped(plain, key().escaped) && plain == name;
}

// Walks the nodes without iterators: readers ask every message and every frame for a dozen names, most of them absent.
JsonValue JsonValue::operator[](std::string_view name) const {
  JsonValue found;
  if (!is_object()) return found;
  const JsonDocument::Node* const nodes = document_->nodes_.data();
  const char* const text = document_->text_.data();
  for (uint32_t i = index_ + 1, end = nodes[index_].next; i != end; i = nodes[i].next) {
    const JsonDocument::Node& node = nodes[i];
    const JsonValue member(*document_, i);
    const bool equal = node.key_escaped ? member.named(name)
                                        : node.key_end - node.key_begin == name.size() &&
                                              std::memcmp(text + node.key_begin, name.data(), name.size()) == 0;
    if (equal) found = member;
  }
  return found;
}

JsonValue::Iterator JsonValue::begin() const {
  const JsonType kind = this->kind();
  const bool nests = kind == JsonType::object || kind == JsonType::array;
  return {document_, nests ? index_ + 1 : 0};
}

JsonValue::Iterator JsonValue::end() const {
  const JsonType kind = this->kind();
  const bool nests = kind == JsonType::object || kind == JsonType::array;
  return {document_, nests ? document_->nodes_[index_].next : 0};
}

JsonValue::Iterator& JsonValue::Iterator::operator++() {
  index_ = document_->nodes_[index_].next;
  return *this;
}

size_t JsonValue::size() const {
  size_t count = 0;
  for (auto at = begin(); at != end(); ++at) ++count;
  return count;
}

bool JsonValue::empty() const { return begin() == end(); }

}  // namespace sluice::api
