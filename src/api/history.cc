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

constexpr std::string_view new_line = R"(\n)";

std::string marked(std::string_view what, std::string_view text) {
  return std::string("[").append(what).append("]").append(new_line).append(text);
}

// What of it is plain text stands in its place, with a mark, on lines of its own: some targets join all texts.
void tell_hosted(Message& message, size_t index, TextArena& arena, Dropped& dropped) {
  for (size_t i = 0; i < message.parts.size(); ++i) {
    Part& part = message.parts[i];
    if (!part.is_hosted) continue;
    const bool has_text = !part.text.empty();
    const std::string path = path_of(path_of("messages", index, "content"), i) + "." + std::string(part.other_type);
    dropped.add(path, has_text ? DropReason::changed : DropReason::unsupported);
    if (!has_text) continue;
    const bool is_behind_text =
        i != 0 && message.parts[i - 1].kind == PartKind::text && !message.parts[i - 1].is_hosted;
    std::string text = marked(part.other_type, part.text.escaped);
    if (is_behind_text) text.insert(0, new_line);
    if (i + 1 < message.parts.size() && !text.ends_with(new_line)) text += new_line;
    part.kind = PartKind::text;
    part.text = JsonText{arena.keep(std::move(text))};
  }
  std::erase_if(message.parts, [](const Part& part) { return part.is_hosted && part.kind == PartKind::other; });
}

// A result whose call is not in the history, as the user's words.
void say_result(Part& result, TextArena& arena, std::vector<Part>& said) {
  std::string what = result.is_error == true ? "Error of tool call " : "Result of tool call ";
  what += result.id.escaped;
  if (!result.name.empty()) (what += ", ") += result.name.escaped;
  const size_t first = said.size();
  said.insert(said.end(), std::make_move_iterator(result.parts.begin()), std::make_move_iterator(result.parts.end()));
  if (said.size() == first || said[first].kind != PartKind::text) {
    said.emplace(said.begin() + static_cast<std::ptrdiff_t>(first))->place = result.place;
  }
  Part& text = said[first];
  text.text = JsonText{arena.keep(marked(what, text.text.escaped))};
  if (text.cache_mark.empty()) text.cache_mark = result.cache_mark;
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

using Ids = std::unordered_multiset<std::string_view>;

Ids calls_of(const Message& message) {
  Ids ids;
  for (const Part& part : message.parts) {
    if (part.kind == PartKind::tool_call) ids.insert(part.id.escaped);
  }
  return ids;
}

// Makes results for the calls that have none in `results`, the message after them (nullptr: there is none).
std::vector<Part> missing_results(const Message& message, const Message* results) {
  Ids answered;
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

// Tools that only the caller's own dialect has cannot be called: where no other one may be, none may.
void fit_choice(Request& request, Dropped& dropped) {
  std::vector<JsonText>& allowed = request.tool_choice.allowed;
  const size_t gone = std::erase_if(allowed, [&](JsonText name) {
    return std::any_of(request.tools.begin(), request.tools.end(),
                       [name](const Tool& tool) { return tool.kind == ToolKind::other && tool.name == name; });
  });
  if (gone == 0) return;
  dropped.add("tool_choice", DropReason::unsupported);
  if (allowed.empty()) request.tool_choice.mode = ToolChoice::Mode::none;
}

class HistoryFitter {
 public:
  HistoryFitter(Request& request, const TargetFacts& facts, Dropped& dropped)
      : request_(request), facts_(facts), dropped_(dropped) {}

  void run() {
    for (size_t i = 0; i < request_.messages.size(); ++i) {
      if (request_.messages[i].role == Role::assistant) {
        i = add_assistant(request_.messages, i);
      } else {
        add(request_.messages, i);
      }
    }
    tell_media();
    request_.messages = std::move(after_);
  }

 private:
  // Adds the message and the results that follow it. Returns the index of the last message added.
  size_t add_assistant(std::vector<Message>& before, size_t index) {
    Message& message = before[index];
    tell_hosted(message, index, request_.arena, dropped_);
    if (!facts_.takes_assistant_media) append(media_, media_of(message, index, dropped_));
    Message* const results =
        index + 1 < before.size() && before[index + 1].role == Role::tool ? &before[index + 1] : nullptr;
    std::vector<Part> made, strays;
    if (facts_.wants_all_results) {
      if (results != nullptr) strays = take_strays(*results, calls_of(message), index + 1);
      made = missing_results(message, results);
      if (!made.empty()) dropped_.add(path_of("messages", index), DropReason::invented);
    }
    after_.push_back(std::move(message));
    if (results != nullptr && !results->parts.empty()) after_.push_back(std::move(*results));
    if (!made.empty()) {
      if (after_.back().role != Role::tool) after_.emplace_back().role = Role::tool;
      append(after_.back().parts, std::move(made));
    }
    say(std::move(strays));
    return results != nullptr ? index + 1 : index;
  }

  void add(std::vector<Message>& before, size_t index) {
    Message& message = before[index];
    if (message.role == Role::tool && facts_.wants_all_results) return say(take_strays(message, {}, index));
    if (message.role != Role::tool) tell_media();  // those of the assistant stand behind all results
    after_.push_back(std::move(message));
  }

  // Those of `results`, the message at `index`, that are none of `calls`.
  std::vector<Part> take_strays(Message& results, Ids calls, size_t index) {
    std::vector<Part> strays, stay;
    for (size_t i = 0; i < results.parts.size(); ++i) {
      Part& result = results.parts[i];
      const auto call = calls.find(result.id.escaped);
      if (call != calls.end() || result.kind != PartKind::tool_result) {
        if (call != calls.end()) calls.erase(call);
        stay.push_back(std::move(result));
        continue;
      }
      dropped_.add(path_of(path_of("messages", index, "content"), i), DropReason::changed);
      say_result(result, request_.arena, strays);
    }
    results.parts = std::move(stay);
    return strays;
  }

  void say(std::vector<Part> parts) {
    if (parts.empty()) return;
    tell_media();
    Message& message = after_.emplace_back();
    message.role = Role::user;
    message.parts = std::move(parts);
  }

  void tell_media() {
    if (media_.empty()) return;
    Message& message = after_.emplace_back();
    message.role = Role::user;
    message.parts.emplace_back().text = JsonText{whose_media};
    append(message.parts, std::exchange(media_, {}));
  }

  Request& request_;
  const TargetFacts& facts_;
  Dropped& dropped_;
  std::vector<Message> after_;  // the adapted conversation
  std::vector<Part> media_;     // of the assistant, not added yet
};

}  // namespace

Result<void> fit_to(const TargetFacts& facts, Request& request, Dropped& dropped) {
  forget_unsigned(request);
  Result<void> left = leave_behind(request, dropped);
  if (!left) return left;
  dropped.tell_places(&request);
  fit_choice(request, dropped);
  link_calls(request, dropped);
  HistoryFitter(request, facts, dropped).run();
  return {};
}

}  // namespace sluice::api
