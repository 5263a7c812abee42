#include "api/call_links.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "api/translation.h"

namespace sluice::api {
namespace {

struct Call {
  size_t message = 0;
  JsonText id{};  // unique in the request
};

// The calls to which the caller gave one id.
struct Calls {
  std::vector<Call> of_last_turn{};
  size_t answered = 0;          // of those
  std::vector<Call> earlier{};  // without a result; the oldest first
  size_t earlier_answered = 0;

  void add(const Call& call) {
    if (!of_last_turn.empty() && of_last_turn.back().message != call.message) {
      earlier.insert(earlier.end(), of_last_turn.begin() + static_cast<std::ptrdiff_t>(answered), of_last_turn.end());
      of_last_turn.clear();
      answered = 0;
    }
    of_last_turn.push_back(call);
  }
  std::optional<Call> take() {
    if (answered < of_last_turn.size()) return of_last_turn[answered++];
    if (earlier_answered < earlier.size()) return earlier[earlier_answered++];
    return std::nullopt;
  }
};

class CallLinker {
 public:
  CallLinker(Request& request, Dropped& dropped) : request_(request), dropped_(dropped) {}

  void run() {
    for (size_t i = 0; i < request_.messages.size(); ++i) {
      Message& message = request_.messages[i];
      if (message.role == Role::tool) {
        link_results(message, i);
      } else {
        turn_ = i;
        if (message.role == Role::assistant) name_calls(message, i);
      }
    }
    if (!late_.empty()) move_late();
  }

 private:
  void name_calls(Message& message, size_t index) {
    for (Part& part : message.parts) {
      if (part.kind != PartKind::tool_call || part.id.empty()) continue;
      Calls& calls = calls_[part.id.escaped];
      part.id = unused(part.id);
      calls.add({index, part.id});
    }
  }

  JsonText unused(JsonText id) {
    if (used_.insert(id.escaped).second) return id;
    uint32_t& number = numbers_.try_emplace(id.escaped, 1).first->second;
    while (true) {
      const std::string_view made = request_.arena.keep(std::string(id.escaped) + "_" + std::to_string(++number));
      if (used_.insert(made).second) return {made};
    }
  }

  void link_results(Message& message, size_t index) {
    std::vector<Part> stay;
    stay.reserve(message.parts.size());
    for (Part& part : message.parts) {
      const auto calls = calls_.find(part.id.escaped);
      const std::optional<Call> call = calls == calls_.end() ? std::nullopt : calls->second.take();
      if (call) part.id = call->id;
      const bool is_late = call && call->message != turn_;
      (is_late ? late_[call->message] : stay).push_back(std::move(part));
    }
    if (stay.size() != message.parts.size()) dropped_.add(path_of("messages", index), DropReason::changed);
    message.parts = std::move(stay);
  }

  // Puts late results behind their calls, after any results that are already there.
  void move_late() {
    std::vector<Message> before = std::move(request_.messages);
    request_.messages.clear();
    for (size_t i = 0; i < before.size(); ++i) {
      const bool is_emptied = before[i].role == Role::tool && before[i].parts.empty();
      if (is_emptied && i + 1 < before.size()) before[i + 1].joined = false;
      if (!is_emptied) request_.messages.push_back(std::move(before[i]));
      const auto late = late_.find(i);
      if (late == late_.end()) continue;
      if (i + 1 < before.size() && before[i + 1].role == Role::tool) {
        request_.messages.push_back(std::move(before[++i]));
      } else {
        request_.messages.emplace_back().role = Role::tool;
      }
      for (Part& part : late->second) request_.messages.back().parts.push_back(std::move(part));
    }
  }

  Request& request_;
  Dropped& dropped_;
  std::unordered_map<std::string_view, Calls> calls_{};  // by the caller's ids
  std::unordered_set<std::string_view> used_{};
  std::unordered_map<std::string_view, uint32_t> numbers_{};  // the last suffix given to an id
  std::map<size_t, std::vector<Part>> late_{};                // by the message of their calls
  size_t turn_ = SIZE_MAX;                                    // the last message that is not of role tool
};

}  // namespace

void link_calls(Request& request, Dropped& dropped) { CallLinker(request, dropped).run(); }

}  // namespace sluice::api
