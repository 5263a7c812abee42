#include "api/anthropic/write_own.h"

#include "api/anthropic/translate.h"

namespace sluice::api::anthropic {
namespace {

bool is_bound_elsewhere(const Part& part, const Origin& target) {
  return !part.opaque.empty() && !may_return(part.opaque, target);
}

// Whether the citations were made by one of our answer writers: only those hold wrapped data.
bool has_foreign_citations(const Part& part) { return part.citations.find(R"("sluice.)") != std::string_view::npos; }

void append_text(const Part& part, std::string& out) {
  out += R"({"type":"text","text":")";
  out += part.text.escaped;
  out += '"';
  if (!part.cache_mark.empty()) {
    out += R"(,"cache_control":)";
    out += part.cache_mark;
  }
  append_bag(out, part.bag, false);
  out += '}';
}

// Leaves out what is bound to other providers and writes out texts that the caller did not send. False: nothing is
// left.
bool append_parts(const Message& message, const std::string& path, const Origin& target, Dropped& dropped,
                  std::string& out) {
  out += message.role == Role::assistant ? R"({"role":"assistant")" : R"({"role":"user")";
  for (const CarriedMember& member : message.bag) {
    if (!member.key.escaped.starts_with("content[")) append_bag(out, {member}, false);  // those are blocks
  }
  out += R"(,"content":[)";
  bool any = false;
  for (size_t i = 0; i < message.parts.size(); ++i) {
    const Part& part = message.parts[i];
    const bool is_thinking = part.kind == PartKind::thinking || part.kind == PartKind::redacted;
    if (is_bound_elsewhere(part, target)) {
      dropped.add(path_of(path + ".content", i), DropReason::bound);
      if (is_thinking) continue;
    }
    if (any) out += ',';
    any = true;
    const bool is_text = part.kind == PartKind::text;
    if (is_text && has_foreign_citations(part)) {
      dropped.add(path_of(path + ".content", i, "citations"), DropReason::bound);
      append_text(part, out);
    } else if (is_text && part.raw.empty()) {
      append_text(part, out);
    } else {
      out += part.raw;
    }
  }
  out += "]}";
  return any;
}

bool is_all_its_own(const Message& message, const Origin& target) {
  for (const Part& part : message.parts) {
    if (is_bound_elsewhere(part, target) || has_foreign_citations(part)) return false;
  }
  return true;
}

void append_messages(const Request& request, const TargetFacts& facts, Dropped& dropped, std::string& out) {
  out += '[';
  for (size_t i = 0; i < request.messages.size(); ++i) {
    const Message& message = request.messages[i];
    if (message.joined) continue;  // its bytes are part of the message before it
    const size_t before = out.size();
    if (out.back() != '[') out += ',';
    const bool is_kept = message.role != Role::assistant || is_all_its_own(message, facts.origin);
    if (is_kept && !message.raw.empty()) {
      out += message.raw;
    } else if (!append_parts(message, path_of("messages", i), facts.origin, dropped, out)) {
      out.resize(before);
    }
  }
  out += ']';
}

}  // namespace

void write_own(const Request& request, const TargetFacts& facts, Dropped& dropped, std::string& out) {
  JsonWriter json(out);
  json.object();
  for (const JsonValue member : request.document->root()) {
    if (member.named("model")) {
      json.member("model", facts.model);
    } else if (member.named("max_tokens") && request.max_output_tokens && member.count() != request.max_output_tokens) {
      json.member("max_tokens", *request.max_output_tokens);  // lowered on the way
    } else if (member.named("messages")) {
      json.key("messages");
      append_messages(request, facts, dropped, out);
    } else {
      if (out.back() != '{') out += ',';
      out += '"';
      out += member.key().escaped;
      out += "\":";
      out += member.raw();
    }
  }
  json.end_object();
}

}  // namespace sluice::api::anthropic
