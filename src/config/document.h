// JSON text as a tree in which every value and every key has its position. Made with nlohmann's SAX reader; comments
// are allowed, trailing commas and repeated keys are not.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"

namespace sluice::config {

struct Position {
  size_t line = 0;    // from 1
  size_t column = 0;  // from 1, in characters
};

struct Member;

struct Node {
  enum class Kind : unsigned char { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  double number = 0;
  std::string text;  // of a string
  std::vector<Node> items;
  std::vector<Member> members;  // in file order
  Position at;                  // of its first character

  // The first member of that name, or nullptr.
  const Node* find(std::string_view name) const;
};

struct Member {
  std::string name;
  Position at;  // of the name
  Node value;
};

// "a string", "an object": for error texts.
std::string_view kind_name(Node::Kind kind);

// Parses `text` into a tree; nullopt if it is not JSON. Problems are appended to `problems` with `source` as their
// source. A repeated key is reported and its first value kept. Problems never quote string values.
std::optional<Node> read_document(std::string_view text, const std::string& source, std::vector<Problem>& problems);

// "providers" + "lab" -> "providers.lab". Names that are not plain words are quoted: models."a.b".
std::string child_path(const std::string& parent, std::string_view name);
std::string item_path(const std::string& parent, size_t index);

}  // namespace sluice::config
