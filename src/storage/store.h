// Answers kept for callers that refer to them later by id. Where they are kept is behind an interface: for now in the
// program's memory (memory_store.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sluice::storage {

// An answer, and what is needed to continue its conversation. All of it is JSON.
struct KeptAnswer {
  std::string answer;    // as sent to the caller
  std::string input;     // the items of its request, each with an id, as elements of a list
  std::string output;    // its items, in the form sent back to a model, as elements of a list
  std::string previous;  // the id of the answer that its request continued; "": it began a conversation
  size_t bytes() const { return answer.size() + input.size() + output.size() + previous.size(); }
};

// Each answer belongs to an owner, and only that owner can find it: for all others its id is unknown. Any thread.
class AnswerStore {
 public:
  virtual ~AnswerStore() = default;
  // Replaces an answer with the same id. May decline to keep one that is too large.
  virtual void put(std::string_view owner, std::string_view id, KeptAnswer answer) = 0;
  // nullptr: not there, or no longer.
  virtual std::shared_ptr<const KeptAnswer> find(std::string_view owner, std::string_view id) = 0;
  // Whether nothing is kept for anyone.
  virtual bool empty() const = 0;
  // Whether it was there.
  virtual bool remove(std::string_view owner, std::string_view id) = 0;
};

}  // namespace sluice::storage
