// Where the values of a configuration came from, for `sluice check --print`.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sluice::config {

class Origins {
 public:
  // `path`: "providers.lab.base_url". `origin`: "sluice.json:7", "variable LAB_KEY", "--workers". The last call wins.
  void set(std::string path, std::string origin) { origins_.insert_or_assign(std::move(path), std::move(origin)); }
  // "": not set anywhere, so it is the default or derived from other values.
  std::string_view find(const std::string& path) const {
    const auto found = origins_.find(path);
    return found == origins_.end() ? std::string_view() : std::string_view(found->second);
  }

 private:
  std::unordered_map<std::string, std::string> origins_;
};

}  // namespace sluice::config
