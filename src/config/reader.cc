#include "config/reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/nearest.h"
#include "base/text.h"
#include "config/foreign.h"

namespace sluice::config {
namespace {

std::string in_quotes(std::string_view text) {
  constexpr size_t max_bytes = 60;
  const bool cut = text.size() > max_bytes;
  const std::string shown(cut_to(text, max_bytes));
  return nlohmann::json(shown).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + (cut ? "..." : "");
}

std::string number_text(double number) {
  constexpr double max_exact = 9007199254740992.0;
  if (std::floor(number) == number && std::abs(number) < max_exact) return std::to_string(static_cast<int64_t>(number));
  return nlohmann::json(number).dump();
}

}  // namespace

void Reading::report(const Position& at, std::string path, std::string what, std::string allowed,
                     std::string suggestion) {
  if (problems.size() == max_problems) return;
  problems.push_back(
      {source, at.line, at.column, std::move(path), std::move(what), std::move(suggestion), std::move(allowed)});
}

std::string found(const Node& node) {
  if (node.kind == Node::Kind::string) return "found " + in_quotes(node.text);
  if (node.kind == Node::Kind::number) return "found " + number_text(node.number);
  if (node.kind == Node::Kind::boolean) return node.boolean ? "found true" : "found false";
  return "found " + std::string(kind_name(node.kind));
}

std::string nearest_one(std::string_view wanted, std::span<const std::string_view> names) {
  const std::vector<std::string_view> close = nearest(wanted, names, 1);
  return close.empty() ? "" : std::string(close.front());
}

ObjectReader::ObjectReader(Reading& reading, const Node& node, std::string path,
                           std::span<const std::string_view> known)
    : reading_(reading), node_(node), path_(std::move(path)) {
  if (node.kind != Node::Kind::object) {
    reading.report(node.at, path_, "found " + std::string(kind_name(node.kind)), "allowed: an object");
  }
  reading.note(path_, node.at);
  for (const Member& member : node.members) {
    if (std::find(known.begin(), known.end(), member.name) != known.end()) {
      if (reading.origins != nullptr) reading.note(child_path(path_, member.name), member.at);
      continue;
    }
    if (reading.problems.size() == max_problems) break;
    const std::string hint(hint_for_field(member.name, path_.empty()));
    reading.report(member.at, child_path(path_, member.name), "unknown field" + (hint.empty() ? "" : "; " + hint),
                   "known: " + join(known), hint.empty() ? nearest_one(member.name, known) : "");
  }
}

const Node* ObjectReader::find(std::string_view name, Node::Kind kind, std::string_view allowed) const {
  const Node* value = node_.find(name);
  if (value == nullptr || value->kind == kind) return value;
  reading_.report(value->at, path(name), found(*value), "allowed: " + std::string(allowed));
  return nullptr;
}

void ObjectReader::read_flag(std::string_view name, bool& value) const {
  if (const Node* node = find(name, Node::Kind::boolean, "true or false")) value = node->boolean;
}

void ObjectReader::read_text(std::string_view name, std::string& value) const {
  if (const Node* node = find(name, Node::Kind::string, "a string")) value = node->text;
}

void ObjectReader::read_word(std::string_view name, std::span<const std::string_view> words, std::string& value) const {
  const std::string allowed = join(words);
  const Node* node = find(name, Node::Kind::string, allowed);
  if (node == nullptr) return;
  if (std::find(words.begin(), words.end(), node->text) != words.end()) {
    value = node->text;
  } else {
    reading_.report(node->at, path(name), found(*node), "allowed: " + allowed, nearest_one(node->text, words));
  }
}

void ObjectReader::read_whole(std::string_view name, uint32_t least, uint32_t most, uint32_t& value) const {
  const std::string allowed = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  const Node* node = find(name, Node::Kind::number, allowed);
  if (node == nullptr) return;
  if (node->number >= least && node->number <= most && std::floor(node->number) == node->number) {
    value = static_cast<uint32_t>(node->number);
  } else {
    reading_.report(node->at, path(name), found(*node), "allowed: " + allowed);
  }
}

void ObjectReader::read_seconds(std::string_view name, uint32_t& value_ms, double most) const {
  const std::string allowed = "seconds from 0 to " + number_text(most);
  const Node* node = find(name, Node::Kind::number, allowed);
  if (node == nullptr) return;
  if (node->number >= 0 && node->number <= most) {
    const double ms = std::round(node->number * 1000);
    value_ms = node->number > 0 ? std::max(1u, static_cast<uint32_t>(ms)) : 0;
  } else {
    reading_.report(node->at, path(name), found(*node), "allowed: " + allowed);
  }
}

void ObjectReader::read_megabytes(std::string_view name, double max_mb, uint64_t& value_bytes) const {
  const std::string allowed = "a number above 0, up to " + number_text(max_mb);
  const Node* node = find(name, Node::Kind::number, allowed);
  if (node == nullptr) return;
  if (node->number > 0 && node->number <= max_mb) {
    value_bytes = std::max<uint64_t>(1, static_cast<uint64_t>(node->number * (1 << 20)));
  } else {
    reading_.report(node->at, path(name), found(*node), "allowed: " + allowed);
  }
}

void ObjectReader::for_each_text(std::string_view name, bool string_alone, const EachText& each) const {
  const Node* node = node_.find(name);
  if (node == nullptr) return;
  if (node->kind == Node::Kind::string && string_alone) return each(*node, path(name));
  if (node->kind != Node::Kind::array) {
    const std::string_view allowed =
        string_alone ? "allowed: a string or a list of strings" : "allowed: a list of strings";
    return reading_.report(node->at, path(name), found(*node), std::string(allowed));
  }
  for (size_t i = 0; i < node->items.size(); ++i) {
    const Node& item = node->items[i];
    const std::string place = item_path(path(name), i);
    if (item.kind == Node::Kind::string) {
      each(item, place);
    } else {
      reading_.report(item.at, place, found(item), "allowed: a string");
    }
  }
}

void ObjectReader::read_file_name(std::string_view name, std::string& value) const {
  const Node* node = find(name, Node::Kind::string, "the path of a file");
  if (node == nullptr || node->text.empty()) return;
  value = node->text;
  if (::access(value.c_str(), R_OK) != 0) {
    reading_.report(node->at, path(name), found(*node) + ", which cannot be read: " + std::strerror(errno),
                    "allowed: a file that sluice may read");
  }
}

}  // namespace sluice::config
