// Where the values of a configuration came from, for those who ask: `sluice check --print`.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sluice::config {

class Origins {
 public:
  // `path`: "providers.lab.base_url". `origin`: "sluice.json:7", "variable LAB_KEY", "--workers". The last one counts.
  void set(std::string path, std::string origin) { origins_.insert_or_assign(std::move(path), std::move(origin)); }
  // "": nothing has said it, so that it is the default, or what follows from other values.
  std::string_view find(const std::string& path) const {
    const auto found = origins_.find(path);
    return found == origins_.end() ? std::string_view() : std::string_view(found->second);
  }

 private:
  std::unordered_map<std::string, std::string> origins_;
};

}  // namespace sluice::config
