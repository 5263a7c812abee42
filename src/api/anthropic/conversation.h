// A request's messages as the API takes them: user and assistant in turn, the user first, results of tools before what
// else the user says, no empty text, every call with an id of its own.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/dropped.h"
#include "api/request.h"
#include "api/target_facts.h"
#include "api/tool_names.h"
#include "base/result.h"

namespace sluice::api::anthropic {

// Whether a text is empty or white space: the API refuses such.
bool is_blank(JsonText text);

// Ids of calls in the API's letters. A caller may use one again in a later turn, or give none: its results go by order.
class CallIds {
 public:
  std::string of_call(JsonText id);
  std::string of_result(JsonText id);

 private:
  ToolNames letters_;  // it shortens ids as well
  std::map<std::string, std::string, std::less<>> latest_;
  std::set<std::string, std::less<>> used_;
  unsigned nameless_calls_ = 0, nameless_results_ = 0;
};

// Marks of what may be cached: the API takes four.
class CacheMarks {
 public:
  bool take() { return taken_ < max_marks && ++taken_ != 0; }

 private:
  static constexpr unsigned max_marks = 4;
  unsigned taken_ = 0;
};

// What is being written: the request and whom it is for. All of it must outlive the writing.
struct Draft {
  const Request& request;
  const TargetFacts& facts;
  Dropped& dropped;
  ToolNames& names;
  CacheMarks marks{};
};

// The rules that the API sets for tools' names.
JsonText tool_name(Draft& draft, JsonText name);
// `,"cache_control":{...}` within an object that holds something already, where there is a mark.
void append_cache_mark(Draft& draft, std::string_view mark, const std::string& path, std::string& out);

class Conversation {
 public:
  explicit Conversation(Draft& draft) : draft_(draft) {}

  // Puts the messages into turns.
  void gather();
  // The last turn brings results of calls that no thinking came before: thinking by a budget cannot go on from there.
  bool is_loop_without_thinking() const;
  // The names of tools that were called, each once: a request with calls must have tools.
  std::vector<JsonText> called() const;
  // Appends the array. `may_prefill`: it may end with the assistant's turn. untranslatable: a part that has no equal.
  Result<void> write(bool may_prefill, std::string& out);

 private:
  enum class Side : unsigned char { user, assistant, system };
  struct Piece {
    const Part* part;
    size_t message, index;
    bool is_late_system = false;  // told by the user, as if it were his words
  };
  struct Turn {
    Side side;
    std::vector<Piece> results{}, rest{};
  };

  bool keeps(const Piece& piece);
  void add(Side side, const Piece& piece);
  void settle_late_system();
  // `goes_on`: it is the assistant's, and the answer goes on from its end.
  Result<void> write_turn(const Turn& turn, bool goes_on, std::string& out);
  Result<void> write_piece(const Piece& piece, bool is_prefill, std::string& out);
  void write_text(const Piece& piece, bool is_prefill, std::string& out);
  void write_call(const Piece& piece, std::string& out);
  Result<void> write_result(const Piece& piece, std::string& out);
  void write_thinking(const Piece& piece, std::string& out);

  Draft& draft_;
  std::vector<Turn> turns_;
  CallIds ids_;
};

// A text, picture or document as a block of content. untranslatable: the API has none for it. `path`: of the part.
Result<void> write_content(Draft& draft, const Part& part, const std::string& path, std::string& out);

}  // namespace sluice::api::anthropic
