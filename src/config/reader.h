// Reads typed values out of a document's objects. An invalid value becomes a Problem and leaves the setting unchanged,
// so that one pass finds everything.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/environment.h"
#include "config/origins.h"
#include "config/problem.h"

namespace sluice::config {

// Shared by one pass over one document.
struct Reading {
  const std::string& source;  // the document's name
  const Environment& environment;
  std::vector<Problem>& problems;
  std::vector<std::string>& warnings;
  std::vector<std::string>& secret_files;  // Config::secret_files
  bool others_may_read = false;            // others may read the document's file
  size_t literal_secrets = 0;              // found in a file that others may read
  Origins* origins = nullptr;              // nullptr: origins are not recorded

  void report(const Position& at, std::string path, std::string what, std::string allowed = {},
              std::string suggestion = {});
  // Records that the value at `path` comes from the document.
  void note(const std::string& path, const Position& at) {
    if (origins != nullptr) origins->set(path, source + ":" + std::to_string(at.line));
  }
};

// "found \"abc\"", "found 3.5", "found a list". Not for values that may be secrets.
std::string found(const Node& node);
// The nearest of `names` to `wanted`, or "".
std::string nearest_one(std::string_view wanted, std::span<const std::string_view> names);

// An object of the document. `reading` and `node` must outlive it.
class ObjectReader {
 public:
  // Reports fields that are not in `known`, and a `node` that is not an object (which then counts as empty).
  ObjectReader(Reading& reading, const Node& node, std::string path, std::span<const std::string_view> known);

  const Node* find(std::string_view name) const { return node_.find(name); }
  std::string path(std::string_view name) const { return child_path(path_, name); }
  const std::string& own_path() const { return path_; }
  const Node& node() const { return node_; }

  // Each leaves `value` unchanged if the field is absent, and reports invalid values.
  void read_flag(std::string_view name, bool& value) const;
  void read_text(std::string_view name, std::string& value) const;
  void read_word(std::string_view name, std::span<const std::string_view> words, std::string& value) const;
  void read_whole(std::string_view name, uint32_t least, uint32_t most, uint32_t& value) const;
  // Seconds, possibly with a fraction, as milliseconds; 0 stays 0 and anything above is at least 1 ms. At most a week,
  // or `most`.
  static constexpr double a_week = 7 * 24 * 3600;
  void read_seconds(std::string_view name, uint32_t& value_ms, double most = a_week) const;
  // A number of MiB, possibly with a fraction.
  void read_megabytes(std::string_view name, double max_mb, uint64_t& value_bytes) const;
  // A string or a list of strings: calls `each` for every string, with its path.
  using EachText = std::function<void(const Node& node, const std::string& path)>;
  void for_each_text(std::string_view name, bool string_alone, const EachText& each) const;
  // The path of a readable file; relative paths are not changed. "" counts as absent.
  void read_file_name(std::string_view name, std::string& value) const;

 private:
  const Node* find(std::string_view name, Node::Kind kind, std::string_view allowed) const;

  Reading& reading_;
  const Node& node_;
  std::string path_;
};

}  // namespace sluice::config
