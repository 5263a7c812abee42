// The models that a key is held to: names, and prefixes that end in '*'.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

class AllowedModels {
 public:
  AllowedModels() = default;
  AllowedModels(std::vector<std::string> names);  // NOLINT(google-explicit-constructor): a list of names is one
  AllowedModels(std::initializer_list<std::string> names) : AllowedModels(std::vector<std::string>(names)) {}

  // None: the key is held to nothing.
  bool empty() const { return names_.empty(); }
  // Whether `name` is one of the names, or begins like one of the prefixes; as quick with thousands as with a few.
  bool has(std::string_view name) const;
  // The names, then the prefixes, each sorted, without those that say nothing more.
  const std::vector<std::string>& names() const { return names_; }
  bool operator==(const AllowedModels&) const = default;

 private:
  std::vector<std::string> names_;
  size_t whole_ = 0;  // of them, those that are no prefixes
};

}  // namespace sluice::config
