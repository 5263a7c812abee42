// The models that a key may use: names, and prefixes that end in '*'.
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

  // Empty: the key may use all models.
  bool empty() const { return names_.empty(); }
  // Whether `name` is one of the names or begins with one of the prefixes. O(log n).
  bool has(std::string_view name) const;
  // The names, then the prefixes, each sorted and without redundant ones.
  const std::vector<std::string>& names() const { return names_; }
  bool operator==(const AllowedModels&) const = default;

 private:
  std::vector<std::string> names_;
  size_t whole_ = 0;  // how many are names; the rest are prefixes
};

}  // namespace sluice::config
