// What is kept of answers for the callers who come back to them by their id. Who keeps it, and where, is behind an
// interface: the program's memory now (memory_store.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sluice::storage {

// An answer, and what is needed to go on with the conversation that it stands in. All of it JSON.
struct KeptAnswer {
  std::string answer;    // as the caller is given it
  std::string input;     // the items of its own request, each with an id, as elements of a list
  std::string output;    // its items, as they go back to a model, as elements of a list
  std::string previous;  // the id of the answer that its request went on with; "": it began a conversation
  size_t bytes() const { return answer.size() + input.size() + output.size() + previous.size(); }
};

// An answer belongs to an owner, who alone can find it: ids of others are as unknown as those that nobody has. Any
// thread.
class AnswerStore {
 public:
  virtual ~AnswerStore() = default;
  // What is there under that id is replaced. May decline to keep it, if it is too large.
  virtual void put(std::string_view owner, std::string_view id, KeptAnswer answer) = 0;
  // nullptr: it is not there, or not any more.
  virtual std::shared_ptr<const KeptAnswer> find(std::string_view owner, std::string_view id) = 0;
  // Whether it was there.
  virtual bool remove(std::string_view owner, std::string_view id) = 0;
};

}  // namespace sluice::storage
