#include "api/continuation.h"

#include <algorithm>
#include <string>
#include <utility>

#include "api/text_units.h"

namespace sluice::api {
namespace {

constexpr uint64_t bytes_a_token = 4;  // about
constexpr std::string_view question =
    "Your answer was cut off. Go on exactly where it stopped: do not repeat any of it, and do not comment on this.";

Message message_of(Role role, JsonText text) {
  Message message;
  message.role = role;
  Part part;
  part.text = text;
  message.parts.push_back(std::move(part));
  return message;
}

// The caller had begun the answer itself: its text and the delivered text become one.
void add_to(Message& begun, JsonText text, TextArena& arena) {
  begun.raw = {};
  begun.was_string = false;
  Part* const last = begun.parts.empty() ? nullptr : &begun.parts.back();
  if (last == nullptr || last->kind != PartKind::text) {
    begun.parts.emplace_back().text = text;
    return;
  }
  last->text = JsonText{arena.keep(std::string(last->text.escaped) + std::string(text.escaped))};
  last->raw = {};
}

}  // namespace

bool continues_prefix(const Request& request, const TargetFacts& target) {
  using enum Reasoning::Mode;
  const bool thinks = request.reasoning.mode == on || request.reasoning.mode == adaptive;
  return target.continues_prefix && !thinks;
}

bool ask_for_rest(Request& request, const Delivered& delivered, GoingOn how) {
  const size_t bytes = trimmed_bytes(delivered.text);
  if (bytes == 0) return false;
  const JsonText text{request.arena.keep(delivered.text.substr(0, bytes))};
  const bool is_begun = !request.messages.empty() && request.messages.back().role == Role::assistant;
  if (is_begun) {
    add_to(request.messages.back(), text, request.arena);
  } else {
    request.messages.push_back(message_of(Role::assistant, text));
  }
  if (how == GoingOn::by_asking) request.messages.push_back(message_of(Role::user, JsonText{question}));
  if (request.max_output_tokens.value_or(0) != 0) {
    const uint64_t spent = std::min(*request.max_output_tokens - 1, bytes / bytes_a_token);
    *request.max_output_tokens -= spent;
  }
  return true;
}

}  // namespace sluice::api
