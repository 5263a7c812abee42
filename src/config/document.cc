#include "config/document.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "config/foreign.h"

namespace sluice::config {
namespace {

constexpr size_t max_depth = 32;

// Iterates over a text and reports how many characters were read: nlohmann's SAX events carry no positions.
class Cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* at, size_t* consumed) : at_(at), consumed_(consumed) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    ++at_;
    ++*consumed_;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }
  bool operator!=(const Cursor& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  size_t* consumed_;
};

// The SAX handler: builds the tree. An event arrives when the last character of its token has been read, for numbers
// one later; the token's start is found by looking back.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(std::string_view text, const std::string& source, std::vector<Problem>& problems)
      : text_(text), source_(source), problems_(problems) {}

  size_t* consumed() { return &consumed_; }
  Node take() { return std::move(root_); }

  bool null() override { return add(Node::Kind::null, before(4)); }
  bool boolean(bool value) override {
    if (!add(Node::Kind::boolean, before(value ? 4 : 5))) return false;
    last_->boolean = value;
    return true;
  }
  bool number_integer(number_integer_t value) override { return add_number(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return add_number(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) override { return add_number(value); }
  bool string(string_t& value) override {
    if (!add(Node::Kind::string, string_start())) return false;
    last_->text = value;
    return true;
  }
  bool binary(binary_t&) override { return false; }  // not in JSON
  bool start_object(size_t) override { return open(Node::Kind::object); }
  bool key(string_t& name) override;
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open(Node::Kind::array); }
  bool end_array() override { return close(); }
  bool parse_error(size_t position, const std::string& token, const nlohmann::json::exception& error) override;

 private:
  struct Open {
    Node* node;
    std::string path;
    bool has_key = false;            // of an object: a name has been read, its value not yet
    std::vector<size_t> repeated{};  // indices of its members with a repeated name
    // For an object with many members: the index of each name's first member.
    std::unordered_map<std::string, size_t> first{};
  };

  Position position_of(size_t offset);
  size_t before(size_t bytes) const { return consumed_ - bytes; }
  size_t string_start() const;
  static const Member* member_named(const Open& open, const std::string& name);
  size_t opening_quote(size_t end) const;
  bool report_unclosed(std::string_view what);
  size_t number_start() const;
  size_t error_offset(std::string_view what, std::string_view token) const;
  std::string next_path() const;
  bool add(Node::Kind kind, size_t offset);
  bool add_number(double value);
  bool open(Node::Kind kind);
  bool close();
  void report(size_t offset, std::string path, std::string what, std::string allowed = {});

  std::string_view text_;
  const std::string& source_;
  std::vector<Problem>& problems_;
  size_t consumed_ = 0;
  size_t scanned_ = 0;     // position_of() has counted the lines up to here
  size_t lines_ = 0;       // lines that ended before
  size_t characters_ = 0;  // of the current line, before
  Node root_;
  Node* last_ = nullptr;    // the last value added; valid until the next
  std::vector<Open> open_;  // pointers into the tree: only the innermost one's children grow
};

// Continues counting from the last call: tokens arrive in text order, except for a few errors.
Position TreeBuilder::position_of(size_t offset) {
  if (offset < scanned_) scanned_ = lines_ = characters_ = 0;
  for (; scanned_ < offset; ++scanned_) {
    const char c = text_[scanned_];
    if (c == '\n') {
      ++lines_;
      characters_ = 0;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {  // not a UTF-8 continuation byte
      ++characters_;
    }
  }
  return {1 + lines_, 1 + characters_};
}

void TreeBuilder::report(size_t offset, std::string path, std::string what, std::string allowed) {
  if (problems_.size() == max_problems) return;
  const Position at = position_of(offset);
  problems_.push_back({source_, at.line, at.column, std::move(path), std::move(what), {}, std::move(allowed)});
}

// The string just read ends with its closing quote.
size_t TreeBuilder::string_start() const { return opening_quote(consumed_ - 1); }

// Looking back from `end`, which is inside a string or is its closing quote: the first quote with an even number of
// backslashes before it opens the string.
size_t TreeBuilder::opening_quote(size_t end) const {
  size_t at = end;
  while (at > 0) {
    --at;
    if (text_[at] != '"') continue;
    size_t backslashes = 0;
    while (backslashes < at && text_[at - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) break;
  }
  return at;
}

size_t TreeBuilder::number_start() const {
  const auto is_part = [](char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
  };
  size_t at = consumed_;
  if (at > 0 && !is_part(text_[at - 1])) --at;  // the character that ended it
  while (at > 0 && is_part(text_[at - 1])) --at;
  return at;
}

std::string TreeBuilder::next_path() const {
  if (open_.empty()) return "";
  const Open& top = open_.back();
  if (top.node->kind == Node::Kind::array) return item_path(top.path, top.node->items.size());
  return top.has_key ? child_path(top.path, top.node->members.back().name) : top.path;
}

bool TreeBuilder::add(Node::Kind kind, size_t offset) {
  if (open_.empty()) {
    last_ = &root_;
  } else if (Open& top = open_.back(); top.node->kind == Node::Kind::array) {
    last_ = &top.node->items.emplace_back();
  } else {
    top.has_key = false;
    last_ = &top.node->members.back().value;
  }
  last_->kind = kind;
  last_->at = position_of(offset);
  return true;
}

bool TreeBuilder::add_number(double value) {
  if (!add(Node::Kind::number, number_start())) return false;
  last_->number = value;
  return true;
}

bool TreeBuilder::open(Node::Kind kind) {
  std::string path = next_path();
  if (open_.size() == max_depth) {
    report(before(1), std::move(path), "nested more than " + std::to_string(max_depth) + " deep");
    return false;
  }
  if (!add(kind, before(1))) return false;
  open_.push_back({last_, std::move(path)});
  return true;
}

bool TreeBuilder::close() {
  const Open& top = open_.back();
  if (!top.repeated.empty()) {
    // They have been reported; the first of each name is kept.
    std::vector<Member>& members = top.node->members;
    size_t kept = 0, gone = 0;
    for (size_t i = 0; i < members.size(); ++i) {
      if (gone < top.repeated.size() && top.repeated[gone] == i) {
        ++gone;
      } else {
        if (kept != i) members[kept] = std::move(members[i]);
        ++kept;
      }
    }
    members.resize(kept);
  }
  open_.pop_back();
  return true;
}

// The first member of that name, or nullptr.
const Member* TreeBuilder::member_named(const Open& open, const std::string& name) {
  const std::vector<Member>& members = open.node->members;
  if (!open.first.empty()) {
    const auto found = open.first.find(name);
    return found == open.first.end() ? nullptr : &members[found->second];
  }
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& other) { return other.name == name; });
  return found == members.end() ? nullptr : &*found;
}

bool TreeBuilder::key(string_t& name) {
  constexpr size_t few_members = 16;  // faster to scan than to look up in an index
  Open& top = open_.back();
  const size_t offset = string_start();
  std::vector<Member>& members = top.node->members;
  if (const Member* first = member_named(top, name); first != nullptr) {
    report(offset, child_path(top.path, name), "is repeated; first in line " + std::to_string(first->at.line));
    top.repeated.push_back(members.size());
  }
  members.push_back({name, position_of(offset), {}});
  top.has_key = true;
  if (members.size() > few_members) {
    for (size_t i = top.first.empty() ? 0 : members.size() - 1; i < members.size(); ++i) {
      top.first.emplace(members[i].name, i);
    }
  }
  return true;
}

// The start of the token that `what`, nlohmann's message, is about. `token`: the characters since its last reset.
size_t TreeBuilder::error_offset(std::string_view what, std::string_view token) const {
  const auto says = [what](std::string_view words) { return what.find(words) != std::string_view::npos; };
  if (says("unexpected end of input")) return consumed_;
  if (says("unexpected string literal")) return string_start();
  if (says("unexpected number literal") || says("number overflow")) return number_start();
  if (says("missing closing") && token.size() <= consumed_) return consumed_ - token.size();
  return consumed_ == 0 ? 0 : consumed_ - 1;
}

// A string or a comment that is never closed is reported at its start: nlohmann notices it only at the end of the line
// or of the text.
bool TreeBuilder::report_unclosed(std::string_view what) {
  const auto says = [what](std::string_view words) { return what.find(words) != std::string_view::npos; };
  if (says("missing closing quote") || says("control character U+000A") || says("control character U+000D")) {
    const bool at_end = says("missing closing quote");
    const size_t end = at_end ? text_.size() : consumed_ - 1;
    const size_t quote = opening_quote(end);
    report(quote, next_path(),
           at_end ? "syntax error: the string that begins here is never closed"
                  : "syntax error: the string that begins here is not closed on its line");
    return true;
  }
  if (!says("missing closing '*/'")) return false;
  const size_t closed = text_.rfind("*/");
  const size_t opened = text_.find("/*", closed == std::string_view::npos ? 0 : closed + 2);
  report(opened == std::string_view::npos ? 0 : opened, next_path(),
         "syntax error: the comment that begins here is never closed");
  return true;
}

bool TreeBuilder::parse_error(size_t, const std::string& token, const nlohmann::json::exception& error) {
  std::string what = error.what();
  if (report_unclosed(std::string_view(what).substr(0, what.find("; last read: ")))) return false;
  const size_t offset = error_offset(what, token);
  const char last = offset < text_.size() ? text_[offset] : '\0';
  if (!open_.empty() && !open_.back().has_key && what.find("unexpected") != std::string::npos) {
    const Node& node = *open_.back().node;
    if ((last == '}' && !node.members.empty()) || (last == ']' && !node.items.empty())) {
      report(offset, open_.back().path,
             "syntax error: a comma before the closing '" + std::string(1, last) + "'; remove it");
      return false;
    }
  }
  // Keeps the middle of "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing
  // value - unexpected ...; last read: '...'". The text last read may be a secret.
  if (what.find("number overflow") != std::string::npos) what = " - the number is too large";
  if (const size_t quoted = what.find("; last read: "); quoted != std::string::npos) what.erase(quoted);
  if (const size_t dash = what.find(" - "); dash != std::string::npos) what.erase(0, dash + 3);
  if (what == "invalid literal") {
    what = "neither a string in double quotes, a number, true, false, null, a list nor an object";
  }
  report(offset, next_path(), "syntax error: " + what);
  return false;
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  for (const Member& member : members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

std::string_view kind_name(Node::Kind kind) {
  constexpr std::string_view names[] = {"null", "true or false", "a number", "a string", "a list", "an object"};
  return names[static_cast<size_t>(kind)];
}

std::string child_path(const std::string& parent, std::string_view name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  std::string path = parent.empty() ? "" : parent + ".";
  path +=
      plain ? std::string(name) : nlohmann::json(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return path;
}

std::string item_path(const std::string& parent, size_t index) { return parent + "[" + std::to_string(index) + "]"; }

std::optional<Node> read_document(std::string_view text, const std::string& source, std::vector<Problem>& problems) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    problems.push_back({source, 1, 1, "", "the file is empty; the smallest useful one is {}", {}, {}});
    return std::nullopt;
  }
  const size_t problems_before = problems.size();
  TreeBuilder builder(text, source, problems);
  const Cursor begin(text.data(), builder.consumed());
  const Cursor end(text.data() + text.size(), builder.consumed());
  const bool whole = nlohmann::json::sax_parse(begin, end, &builder, nlohmann::json::input_format_t::json, true, true);
  if (whole) return builder.take();
  if (ForeignFormat foreign = foreign_format(text); !foreign.what.empty()) {
    problems.resize(problems_before);
    const std::string_view before = text.substr(0, foreign.offset);
    const auto lines = static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
    problems.push_back({source, lines + 1, 1, "", std::move(foreign.what), {}, {}});
  }
  return std::nullopt;
}

}  // namespace sluice::config
