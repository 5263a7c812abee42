// The tool calls of one turn that wait for their results. Lookups by id or by name stay fast, however many calls there
// are and in whatever order the results come.
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
    bool is_invented = false;  // the id is ours
    bool is_answered = false;
  };

  // The texts must outlive all lookups.
  void add(const Call& call);
  void clear();

  // Each returns the number of a call, counted in the order in which they were added; `none`: there is none. first(),
  // with_id() and named() find the first without a result: of all, of that id, of that name. any_with_id() finds the
  // first of that id, answered or not.
  size_t first();
  size_t with_id(JsonText id) { return first_open(ids_, id); }
  size_t named(JsonText name) { return first_open(names_, name); }
  size_t any_with_id(JsonText id) const;
  const Call& operator[](size_t number) const { return calls_[number]; }
  void answer(size_t number) { calls_[number].is_answered = true; }

 private:
  // The calls of one id or name; those before `next` are answered.
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
