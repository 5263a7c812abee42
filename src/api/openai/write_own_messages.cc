// Writes the messages of a request that was read from chat completions unchanged, without what is bound to other
// targets.
#include <algorithm>
#include <utility>

#include "api/openai/write_messages.h"

namespace sluice::api::openai {
namespace {

bool is_system(JsonValue message) {
  const std::string_view role = message["role"].word();
  return role == "system" || role == "developer";
}

// A member's key, as it was spelled, and the colon.
void text_key(JsonWriter& json, std::string& out, JsonText key) {
  json.raw("\"");
  out += key.escaped;
  out += "\":";
}

}  // namespace

Result<void> ChatMessagesWriter::write_own() {
  const auto raw = [this](std::string_view json) {
    if (!std::exchange(first_, false)) out_ += ',';
    out_ += json;
  };
  out_ += '[';
  for (const JsonValue message : request_.document->root()["messages"]) {
    if (!is_system(message)) break;
    raw(message.raw());
  }
  for (size_t i = 0; i < request_.messages.size(); ++i) {
    const Message& message = request_.messages[i];
    const bool are_raw = message.role == Role::tool && std::all_of(message.parts.begin(), message.parts.end(),
                                                                   [](const Part& part) { return !part.raw.empty(); });
    if (!message.raw.empty() && has_foreign(message)) {
      raw(without_foreign(message, path_of("messages", i)));
    } else if (!message.raw.empty()) {
      raw(message.raw);
    } else if (are_raw) {
      for (const Part& part : message.parts) raw(part.raw);
    } else if (Result<void> done = write_message(i); !done) {
      return done;
    }
  }
  if (Result<void> done = flush_shown(); !done) return done;
  out_ += ']';
  return {};
}

bool ChatMessagesWriter::has_foreign(const Message& message) const {
  return std::any_of(message.parts.begin(), message.parts.end(), [this](const Part& part) {
    return !part.opaque.empty() && !may_return(part.opaque, facts_.origin);
  });
}

bool ChatMessagesWriter::is_foreign(JsonText data) const {
  return !data.empty() && !may_return(unwrap(data, facts_.origin.dialect), facts_.origin);
}

// The assistant's message unchanged, without thinking and signatures of calls that are bound to other targets.
std::string ChatMessagesWriter::without_foreign(const Message& message, const std::string& path) {
  JsonDocument document;
  if (!document.parse(message.raw)) return std::string(message.raw);
  std::string out;
  JsonWriter json(out);
  json.object();
  for (const JsonValue member : document.root()) {
    const bool is_details = member.named("reasoning_details") && member.is_array();
    const bool are_calls = member.named("tool_calls") && member.is_array();
    text_key(json, out, member.key());
    if (!is_details && !are_calls) {
      out += member.raw();
      continue;
    }
    out += '[';
    size_t index = 0;
    for (const JsonValue entry : member) {
      const std::string here = path_of(path + (is_details ? ".reasoning_details" : ".tool_calls"), index++);
      if (is_details && (is_foreign(entry["data"].text()) || is_foreign(entry["signature"].text()))) {
        dropped_.add(here, DropReason::bound);
        continue;
      }
      if (out.back() != '[') out += ',';
      are_calls ? append_unsigned(out, entry, here) : void(out += entry.raw());
    }
    out += ']';
  }
  json.end_object();
  return out;
}

// A call without a signature that is bound to another target.
void ChatMessagesWriter::append_unsigned(std::string& out, JsonValue call, const std::string& path) {
  if (!is_foreign(call["extra_content"]["google"]["thought_signature"].text())) {
    out += call.raw();
    return;
  }
  dropped_.add(path + ".extra_content", DropReason::bound);
  JsonWriter json(out);
  json.object();
  for (const JsonValue member : call) {
    if (member.named("extra_content")) continue;
    text_key(json, out, member.key());
    out += member.raw();
  }
  json.end_object();
}

}  // namespace sluice::api::openai
