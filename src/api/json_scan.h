// Extracts chosen values from JSON text that may arrive cut anywhere. It needs no document and no buffer, and looks at
// each byte once: it follows the text's nesting, and skips values that are not wanted 64 bytes at a time.
//
// It is no validator: what it skips is checked for nesting and strings only. Keys written with escapes are not
// recognised.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::api {

// A place in the text that is wanted: the member `key` of an object at `parent` is at `node`. Node 0 is the root;
// arrays are transparent: their elements are at the array's node. A list of edges is ordered by parent, so that
// children are adjacent.
struct ScanEdge {
  uint8_t parent;
  std::string_view key;
  uint8_t node;
};

// The edges, with an index by node and by a hash of the key.
class ScanTree {
 public:
  static constexpr size_t nodes = 36;
  // `edges` must outlive the tree; nodes are below `nodes`.
  constexpr explicit ScanTree(std::span<const ScanEdge> edges) : edges_(edges) {
    size_t edge = 0;
    for (size_t node = 0; node < nodes; ++node) {
      while (edge < edges.size() && edges[edge].parent < node) ++edge;
      first_[node] = static_cast<uint8_t>(edge);
    }
    first_[nodes] = static_cast<uint8_t>(edges.size());
    for (size_t i = edges.size(); i > 0; --i) {
      starts_[edges[i - 1].parent][mark_of(edges[i - 1].key)] = static_cast<uint8_t>(i);
    }
  }
  constexpr std::span<const ScanEdge> below(uint8_t node) const {
    return edges_.subspan(first_[node], static_cast<size_t>(first_[node + 1u] - first_[node]));
  }
  // The edge of `key` below `node`, nullptr where there is none. `key` is not empty.
  constexpr const ScanEdge* find(uint8_t node, std::string_view key) const {
    const size_t start = starts_[node][mark_of(key)];
    if (start == 0) return nullptr;  // true for most keys
    for (size_t i = start - 1; i < first_[node + 1u]; ++i) {
      if (edges_[i].key == key) return &edges_[i];
    }
    return nullptr;
  }

 private:
  static constexpr size_t marks = 64;
  static constexpr size_t mark_of(std::string_view key) {
    const auto first = static_cast<unsigned char>(key.front()), last = static_cast<unsigned char>(key.back());
    return (7 * key.size() + 3u * first + last) % marks;
  }

  std::span<const ScanEdge> edges_;
  std::array<uint8_t, nodes + 1> first_{};
  std::array<std::array<uint8_t, marks>, nodes> starts_{};  // the first edge with that mark, plus one; 0: none
};

// What is at a node. `item`: an array's first element follows, so the array is not empty.
enum class JsonKind : unsigned char { string, number, true_value, false_value, null, object, array, item };

class JsonSink {
 public:
  // `text`: of a number, or of a string (without its quotes, still escaped, "" where it is longer than max_text).
  // Valid until return. Objects and arrays are reported where they open.
  virtual void on_value(uint8_t node, JsonKind kind, std::string_view text) = 0;

 protected:
  ~JsonSink() = default;
};

// Where the text read so far ends, if its root is an array: decides what may come next.
enum class ArrayPlace : unsigned char { nothing_yet, empty, after_element, after_comma, within_element, closed };

class JsonScan {
 public:
  static constexpr size_t max_text = 256;
  static constexpr size_t deepest = 16;  // nesting that is looked into; deeper values are skipped

  // `tree` must outlive the scan.
  explicit JsonScan(const ScanTree& tree) : tree_(&tree) {}

  void feed(std::string_view bytes, JsonSink& sink);
  // Prepares for another text.
  void reset();

  bool fresh() const { return state_ == State::value && depth_ == 0; }  // only white space has arrived
  bool whole() const { return state_ == State::done; }  // one object or array has arrived, and nothing after it
  bool broken() const { return state_ == State::broken; }
  bool root_is_array() const { return root_is_array_; }
  ArrayPlace array_place() const;  // where root_is_array() or fresh()

 private:
  enum class State : unsigned char {
    value,
    value_or_close,
    key,
    key_or_close,
    colon,
    comma,
    key_text,
    string_text,
    scalar,
    skip,
    done,
    broken
  };
  struct Level {
    uint8_t node;
    bool array;
    bool any;
  };
  static constexpr uint8_t unwanted = 255;

  const char* step(const char* at, const char* end, JsonSink& sink);
  const char* read_members(const char* at, const char* end, JsonSink& sink);
  void tell_scalar(std::string_view text, JsonSink& sink);
  const char* begin_value(const char* at, JsonSink& sink);
  const char* read_text(const char* at, const char* end, JsonSink& sink);
  const char* read_scalar(const char* at, const char* end, JsonSink& sink);
  const char* skip(const char* at, const char* end);
  const char* end_skip(const char* bracket);
  void open(bool array, JsonSink& sink);
  void close(bool array);
  void end_value() { state_ = depth_ == 0 ? State::done : State::comma; }
  void keep(const char* begin, const char* end);
  void end_text(JsonSink& sink);
  uint8_t child(uint8_t parent, std::string_view key) const;

  const ScanTree* tree_;
  State state_ = State::value;
  uint8_t node_ = 0;  // of the next value
  uint8_t depth_ = 0;
  bool root_is_array_ = false;
  bool escaped_ = false;    // the byte before was a backslash that escapes the next
  bool in_string_ = false;  // while skipping
  bool text_kept_ = true;   // token_ holds all of the text
  uint16_t token_size_ = 0;
  uint64_t skip_depth_ = 0;
  std::array<Level, deepest> levels_;
  std::array<char, max_text> token_;
};

}  // namespace sluice::api
