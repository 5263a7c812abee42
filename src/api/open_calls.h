// The tool calls of one turn that wait for their results, found by id or by name however many there are, and in
// whatever order the results come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/json_value.h"

namespace sluice::api {

class OpenCalls {
 public:
  static constexpr size_t none = SIZE_MAX;
  struct Call {
    JsonText id, name;
    bool is_invented = false;  // its id
    bool is_answered = false;
  };

  // Texts must live as long as they are looked for here.
  void add(const Call& call);
  void clear();

  // Numbers of calls, in the order in which they were added: the first one that has no result yet, of all, of that id,
  // of that name; and the first one of that id, answered or not. `none`: there is none.
  size_t first();
  size_t with_id(JsonText id) { return first_open(ids_, id); }
  size_t named(JsonText name) { return first_open(names_, name); }
  size_t any_with_id(JsonText id) const;
  const Call& operator[](size_t number) const { return calls_[number]; }
  void answer(size_t number) { calls_[number].is_answered = true; }

 private:
  // Of one id or name; those before `next` are answered.
  struct Places {
    std::vector<uint32_t> numbers;
    size_t next = 0;
  };
  using Index = std::unordered_map<std::string_view, Places>;
  size_t first_open(Index& index, JsonText key);

  std::vector<Call> calls_;
  size_t next_ = 0;  // those before it are answered
  Index ids_, names_;
};

}  // namespace sluice::api
