// JSON text taken apart, with every value as it was spelled: what is carried from one body to another is copied, not
// written anew (escapes, numbers and the order of members stay as they were).
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

// The inside of a JSON string, still escaped and without its quotes: it can stand between quotes as it is.
struct JsonText {
  std::string_view escaped{};
  constexpr bool empty() const { return escaped.empty(); }
  constexpr size_t size() const { return escaped.size(); }
  bool operator==(const JsonText&) const = default;
};

// Keeps texts that had to be made, at the same place for as long as it lives.
class TextArena {
 public:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  // The text that is meant: `text` itself where nothing in it is escaped.
  std::string_view unescape(JsonText text);
  // As it stands between quotes: `text` itself where nothing has to be escaped.
  JsonText escape(std::string_view text);
  // All three as one text. Where `first` is what join() gave before, it grows in its place and is no longer valid: any
  // number of pieces cost no more than their bytes.
  std::string_view join(std::string_view first, std::string_view between, std::string_view last);
  void clear() {
    texts_.clear();
    joined_.clear();
  }

 private:
  std::list<std::string> texts_;
  std::unordered_map<const char*, std::string*> joined_;  // of texts_, by where they stand
};

enum class JsonType : unsigned char { absent, null, boolean, number, string, array, object };

class JsonDocument;

// A value of a document, or none (JsonType::absent), which has no members. Must not outlive the document, nor the text
// that it was made of.
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
  // Of a string in which nothing is escaped, as words of an API are; "" for anything else.
  std::string_view word() const;
  std::optional<bool> boolean() const;
  // Of a number that is whole and not negative, also as 1.0 or 1e3; nullopt for anything else and what is too large.
  std::optional<uint64_t> count() const;
  std::optional<double> number() const;

  // The member of that name, of an object; of several, the last, as most readers have it. Keys that are spelled with
  // escapes are found too.
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

  // A few bytes of text stand for some hundred of what is made of them.
  static constexpr size_t max_values = 4 * 1024 * 1024;
  // Elements of all arrays, but for numbers, of which vectors are made: of anything, and of a request, each of which
  // may become a part of it. An answer has one for each token's likeliest others.
  static constexpr size_t max_elements = 512 * 1024, max_request_elements = 256 * 1024;

  explicit JsonDocument(size_t elements = max_elements) : max_elements_(elements) {}
  // Takes `text` apart, which must outlive what is asked of it. Once made, the memory is used again. bad_request tells
  // where it is no JSON (RFC 8259), no UTF-8, nested too deep, has too many values or is larger than 4 GiB.
  Result<void> parse(std::string_view text);
  JsonValue root() const { return nodes_.empty() ? JsonValue() : JsonValue(*this, 0); }
  size_t held_bytes() const { return nodes_.capacity() * sizeof(Node); }

 private:
  friend class JsonValue;
  friend class JsonValue::Iterator;
  struct Node {
    uint32_t begin, end;  // of the value, in the text
    uint32_t next;        // of what is not within it
    uint32_t key_begin, key_end;
    JsonType kind;
    bool key_escaped;
  };
  class Parser;
  size_t max_elements_;
  std::string_view text_{};
  std::vector<Node> nodes_{};
};

}  // namespace sluice::api
