// A request's messages in the form the API takes: user and assistant alternate, the user is first, tool results precede
// the user's other content, no text is empty, and every call has a unique id.
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

// Whether a text is empty or only white space: the API rejects these.
bool is_blank(JsonText text);

// Ids of calls, limited to the characters the API allows. A caller may repeat an id in a later turn or give none;
// results are then matched by order.
class CallIds {
 public:
  std::string of_call(JsonText id);
  std::string of_result(JsonText id);

 private:
  ToolNames letters_;  // shortens ids too
  std::map<std::string, std::string, std::less<>> latest_;
  std::set<std::string, std::less<>> used_;
  unsigned nameless_calls_ = 0, nameless_results_ = 0;
};

// Cache marks: the API takes at most four.
class CacheMarks {
 public:
  bool take() { return taken_ < max_marks && ++taken_ != 0; }

 private:
  static constexpr unsigned max_marks = 4;
  unsigned taken_ = 0;
};

// What is being written: the request and its target. Everything in it must outlive the writing.
struct Draft {
  const Request& request;
  const TargetFacts& facts;
  Dropped& dropped;
  ToolNames& names;
  CacheMarks marks{};
};

// Makes a tool's name follow the API's rules.
JsonText tool_name(Draft& draft, JsonText name);
// Appends `,"cache_control":{...}` if there is a mark. The object being written must already have a member.
void append_cache_mark(Draft& draft, std::string_view mark, const std::string& path, std::string& out);

class Conversation {
 public:
  explicit Conversation(Draft& draft) : draft_(draft) {}

  // Arranges the messages into turns.
  void gather();
  // Whether the last turn holds results of calls that no thinking came before: thinking with a budget cannot continue
  // there.
  bool is_loop_without_thinking() const;
  // The names of the tools that were called, each once: a request with calls must declare tools.
  std::vector<JsonText> called() const;
  // Appends the array. `may_prefill`: it may end with the assistant's turn. Error: untranslatable if a part has no
  // equivalent.
  Result<void> write(bool may_prefill, std::string& out);

 private:
  enum class Side : unsigned char { user, assistant, system };
  struct Piece {
    const Part* part;
    size_t message, index;
    bool is_late_system = false;  // written as text of the user
  };
  struct Turn {
    Side side;
    std::vector<Piece> results{}, rest{};
  };

  bool keeps(const Piece& piece);
  void add(Side side, const Piece& piece);
  void settle_late_system();
  // `goes_on`: it is the assistant's turn, and the answer continues it.
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

// Appends a text, picture or document as a content block. `path`: the part's. Error: untranslatable if the API has no
// such block.
Result<void> write_content(Draft& draft, const Part& part, const std::string& path, std::string& out);

}  // namespace sluice::api::anthropic
