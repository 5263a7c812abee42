// Parsed JSON that keeps every value as it was spelled: what is carried from one body to another is copied, not
// re-encoded (escapes, numbers and the order of members stay the same).
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace sluice::api {

// The inside of a JSON string, still escaped and without its quotes: it can be put between quotes unchanged.
struct JsonText {
  std::string_view escaped{};
  constexpr bool empty() const { return escaped.empty(); }
  constexpr size_t size() const { return escaped.size(); }
  bool operator==(const JsonText&) const = default;
};

// Owns strings that had to be made. They stay at the same address for as long as it lives.
class TextArena {
 public:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  // The unescaped text: `text` itself where nothing in it is escaped.
  std::string_view unescape(JsonText text);
  // The escaped text: `text` itself where nothing has to be escaped.
  JsonText escape(std::string_view text);
  // All three as one text. If `first` is a result of join(), that string is extended and `first` is no longer valid, so
  // joining many pieces costs no more than their bytes.
  std::string_view join(std::string_view first, std::string_view between, std::string_view last);
  void clear() {
    texts_.clear();
    joined_.clear();
  }

 private:
  std::list<std::string> texts_;
  std::unordered_map<const char*, std::string*> joined_;  // results of join() in texts_, by their address
};

enum class JsonType : unsigned char { absent, null, boolean, number, string, array, object };

class JsonDocument;

// A value of a document, or none (JsonType::absent), which has no members. It must not outlive the document or the
// parsed text.
class JsonValue {
 public:
  JsonValue() = default;
  JsonType kind() const;
  bool exists() const { return document_ != nullptr; }
  bool is(JsonType kind) const { return this->kind() == kind; }
  bool is_object() const { return is(JsonType::object); }
  bool is_array() const { return is(JsonType::array); }
  bool is_string() const { return is(JsonType::string); }
  // Neither absent nor null.
  bool has_value() const { return exists() && !is(JsonType::null); }

  std::string_view raw() const;  // as it was spelled; "" for none
  JsonText text() const;         // of a string; "" for anything else
  // Of a string without escapes, such as an API's keywords; "" for anything else.
  std::string_view word() const;
  std::optional<bool> boolean() const;
  // Of a whole number that is not negative, also written as 1.0 or 1e3; nullopt for anything else and what is too
  // large.
  std::optional<uint64_t> count() const;
  std::optional<double> number() const;

  // An object's member of that name; of several, the last, as in most parsers. Keys that are spelled with escapes are
  // found too.
  JsonValue operator[](std::string_view name) const;

  class Iterator;
  // The members of an object or the elements of an array; none for anything else.
  Iterator begin() const;
  Iterator end() const;
  size_t size() const;
  bool empty() const;
  JsonText key() const;                     // of a member: its name
  bool named(std::string_view name) const;  // of a member: whether that is its name

 private:
  friend class JsonDocument;
  friend class Iterator;
  JsonValue(const JsonDocument& document, uint32_t index) : document_(&document), index_(index) {}
  const JsonDocument* document_ = nullptr;
  uint32_t index_ = 0;
};

class JsonValue::Iterator {
 public:
  JsonValue operator*() const { return {*document_, index_}; }
  Iterator& operator++();
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  friend class JsonValue;
  Iterator(const JsonDocument* document, uint32_t index) : document_(document), index_(index) {}
  const JsonDocument* document_;
  uint32_t index_;
};

class JsonDocument {
 public:
  static constexpr unsigned max_depth = 256;  // of arrays and objects within each other

  // A value of a few bytes of text may take some hundred bytes once it is translated.
  static constexpr size_t max_values = 4 * 1024 * 1024;
  // Elements of all arrays together, without numbers, which vectors are made of. A request may have fewer, as each may
  // become a part of it; an answer has one for each token's likeliest alternatives.
  static constexpr size_t max_elements = 512 * 1024, max_request_elements = 256 * 1024;

  explicit JsonDocument(size_t elements = max_elements) : max_elements_(elements) {}
  // Parses `text`, which must outlive all use of the values. Memory is reused by the next call. bad_request, with the
  // byte where it fails: not JSON (RFC 8259), not UTF-8, nested too deep, too many values or larger than 4 GiB.
  Result<void> parse(std::string_view text);
  JsonValue root() const { return nodes_.empty() ? JsonValue() : JsonValue(*this, 0); }
  size_t held_bytes() const { return nodes_.capacity() * sizeof(Node); }

 private:
  friend class JsonValue;
  friend class JsonValue::Iterator;
  struct Node {
    uint32_t begin, end;  // of the value, in the text
    uint32_t next;        // index of the next node that is not within it
    uint32_t key_begin, key_end;
    JsonType kind;
    bool key_escaped;
  };
  class Parser;
  size_t max_elements_;
  std::string_view text_{};
  std::vector<Node> nodes_{};
};

// What JsonValue::count() returns for this JSON value, without white space around it.
std::optional<uint64_t> count_of(std::string_view value);

}  // namespace sluice::api
