// Tools' names as a target takes them: too long ones, and those with characters it refuses, are shortened by hash, and
// restored in the answer. So are free-text tools (OpenAI's custom tools), which other targets get as a function with
// one string, `input`: their calls come back as what they were.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "api/event.h"
#include "api/json_value.h"

namespace sluice::api {

class ToolNames {
 public:
  // The name that a target takes which allows `max_bytes` of [A-Za-z0-9_-], or with `dots` of [A-Za-z0-9_.:-],
  // beginning with a letter or an underscore where `letter_first`. The same name gives the same always. The view lives
  // as long as this does, or as `name` does.
  struct Rules {
    uint32_t max_bytes = 64;
    bool dots = false;
    bool letter_first = false;
  };
  JsonText shorten(JsonText name, const Rules& rules);
  // The caller's name of what the target calls `name`; `name` itself where it was not changed.
  JsonText restore(JsonText name) const;
  // A free-text tool was told to the target as a function.
  void add_custom(JsonText name) { custom_.emplace(name.escaped); }
  bool is_custom(JsonText name) const;  // by the caller's name
  bool empty() const { return pairs_.empty() && custom_.empty(); }

 private:
  struct Pair {
    std::string ours, sent;
  };
  std::list<Pair> pairs_;  // views of them stay good
  std::unordered_map<std::string_view, const Pair*> by_ours_, by_sent_;
  std::unordered_set<std::string> custom_;
};

}  // namespace sluice::api
