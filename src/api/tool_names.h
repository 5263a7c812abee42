// Tool names in a form that a target accepts: those that are too long or have characters it rejects are replaced by a
// shorter one with a hash, and restored in the answer. Free-text tools (OpenAI's custom tools) are restored too: other
// targets get them as a function with one string, `input`.
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
  // The name for a target that allows `max_bytes` of [A-Za-z0-9_-], or of [A-Za-z0-9_.:-] with `dots`, beginning with a
  // letter or an underscore if `letter_first`. The same name always gives the same result. The view lives as long as
  // both this and `name`.
  struct Rules {
    uint32_t max_bytes = 64;
    bool dots = false;
    bool letter_first = false;
  };
  JsonText shorten(JsonText name, const Rules& rules);
  // The caller's name for what the target calls `name`; `name` itself if it was not changed.
  JsonText restore(JsonText name) const;
  // A free-text tool was sent to the target as a function.
  void add_custom(JsonText name) { custom_.emplace(name.escaped); }
  bool is_custom(JsonText name) const;  // `name`: the caller's
  bool empty() const { return pairs_.empty() && custom_.empty(); }

 private:
  struct Pair {
    std::string ours, sent;
  };
  std::list<Pair> pairs_;  // a list, so that views into it stay valid
  std::unordered_map<std::string_view, const Pair*> by_ours_, by_sent_;
  std::unordered_set<std::string> custom_;
};

}  // namespace sluice::api
