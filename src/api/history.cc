#include "api/history.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>
#include <vector>

#include "api/call_links.h"
#include "api/translation.h"

namespace sluice::api {
namespace {

constexpr std::string_view no_result = "There is no result: the call was not carried out.";
constexpr std::string_view whose_media = "From the assistant's answer:";

bool is_media(const Part& part) {
  return part.kind == PartKind::image || part.kind == PartKind::document || part.kind == PartKind::audio ||
         part.kind == PartKind::video;
}

void leave_hosted_out(Message& message, size_t index, Dropped& dropped) {
  std::erase_if(message.parts, [&](const Part& part) {
    if (part.is_hosted) dropped.add(path_of("messages", index, part.other_type), DropReason::unsupported);
    return part.is_hosted;
  });
}

// Moves the media out of the message.
std::vector<Part> media_of(Message& message, size_t index, Dropped& dropped) {
  std::vector<Part> media;
  for (size_t i = 0; i < message.parts.size(); ++i) {
    if (!is_media(message.parts[i])) continue;
    dropped.add(path_of(path_of("messages", index, "content"), i), DropReason::changed);
    media.push_back(std::move(message.parts[i]));
    message.parts[i].kind = PartKind::text;  // empty, so that the others keep their indexes
    message.parts[i].text = {};
  }
  return media;
}

// Makes results for the calls that have none in `results`, the message after them (nullptr: there is none).
std::vector<Part> missing_results(const Message& message, const Message* results) {
  std::unordered_multiset<std::string_view> answered;
  if (results != nullptr) {
    for (const Part& part : results->parts) answered.insert(part.id.escaped);
  }
  std::vector<Part> made;
  for (const Part& call : message.parts) {
    if (call.kind != PartKind::tool_call) continue;
    if (const auto result = answered.find(call.id.escaped); result != answered.end()) {
      answered.erase(result);
      continue;
    }
    Part& result = made.emplace_back();
    result.kind = PartKind::tool_result;
    result.id = call.id;
    result.name = call.name;
    result.parts.emplace_back().text = JsonText{no_result};
  }
  return made;
}

void append(std::vector<Part>& to, std::vector<Part> parts) {
  to.insert(to.end(), std::make_move_iterator(parts.begin()), std::make_move_iterator(parts.end()));
}

class HistoryFitter {
 public:
  HistoryFitter(Request& request, const TargetFacts& facts, Dropped& dropped)
      : request_(request), facts_(facts), dropped_(dropped) {}

  void run() {
    std::vector<Message> before = std::move(request_.messages);
    request_.messages.clear();
    request_.messages.reserve(before.size());
    for (size_t i = 0; i < before.size(); ++i) {
      if (before[i].role == Role::assistant) {
        i = add_assistant(before, i);
      } else {
        add(std::move(before[i]));
      }
    }
    tell_media();
  }

 private:
  // Adds the message and the results that follow it. Returns the index of the last message added.
  size_t add_assistant(std::vector<Message>& before, size_t index) {
    Message& message = before[index];
    leave_hosted_out(message, index, dropped_);
    if (!facts_.takes_assistant_media) append(media_, media_of(message, index, dropped_));
    const bool has_results = index + 1 < before.size() && before[index + 1].role == Role::tool;
    std::vector<Part> made;
    if (facts_.wants_all_results) made = missing_results(message, has_results ? &before[index + 1] : nullptr);
    request_.messages.push_back(std::move(message));
    if (has_results) request_.messages.push_back(std::move(before[index + 1]));
    if (!made.empty()) {
      dropped_.add(path_of("messages", index), DropReason::invented);
      if (!has_results) request_.messages.emplace_back().role = Role::tool;
      append(request_.messages.back().parts, std::move(made));
    }
    return has_results ? index + 1 : index;
  }

  // The assistant's media go after all results and before the next message.
  void add(Message message) {
    if (message.role != Role::tool) tell_media();
    request_.messages.push_back(std::move(message));
  }

  void tell_media() {
    if (media_.empty()) return;
    Message& message = request_.messages.emplace_back();
    message.role = Role::user;
    message.parts.emplace_back().text = JsonText{whose_media};
    append(message.parts, std::exchange(media_, {}));
  }

  Request& request_;
  const TargetFacts& facts_;
  Dropped& dropped_;
  std::vector<Part> media_;  // of the assistant, not added yet
};

}  // namespace

Result<void> fit_to(const TargetFacts& facts, Request& request, Dropped& dropped) {
  forget_unsigned(request);
  Result<void> left = leave_behind(request, dropped);  // first, so that drops have the caller's indexes
  if (!left) return left;
  link_calls(request, dropped);
  HistoryFitter(request, facts, dropped).run();
  return {};
}

}  // namespace sluice::api
