#include "translation/toy/translate.h"

namespace sluice::test::toy {

using namespace api;

namespace {

Result<void> read_turn(JsonValue turn, size_t index, Request& request) {
  const std::string_view by = turn["by"].word();
  if (by != "user" && by != "bot") {
    return fail(ErrorCode::bad_request, path_of("say", index, "by") + ": expected 'user' or 'bot'");
  }
  Message& message = request.messages.emplace_back();
  message.role = by == "user" ? Role::user : Role::assistant;
  message.parts.emplace_back().text = turn["words"].text();
  for (const JsonValue member : turn) {
    if (!member.named("by") && !member.named("words")) carry(message.bag, member);
  }
  return {};
}

Result<void> read_member(JsonValue member, Request& request) {
  if (member.named("model")) {
    request.model = member.text();
  } else if (member.named("rules")) {
    request.system.emplace_back().text = member.text();
  } else if (member.named("room")) {
    request.max_output_tokens = member.count();
  } else if (member.named("live")) {
    request.stream = member.boolean().value_or(false);
  } else if (member.named("say")) {
    size_t index = 0;
    for (const JsonValue turn : member) {
      if (Result<void> done = read_turn(turn, index++, request); !done) return done;
    }
  } else if (member.named("as_last_time")) {
    request.demands.push_back({"as_last_time", "stands for what only its own provider remembers"});
  } else {
    carry(request.bag, member);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Request>> read_request(std::string_view body, const ReadContext&) {
  auto request = std::make_unique<Request>();
  request->from = own;
  if (Result<void> done = request->document->parse(body); !done) return tl::unexpected(done.error());
  if (!request->document->root().is_object()) return fail(ErrorCode::bad_request, "the body must be a JSON object");
  for (const JsonValue member : request->document->root()) {
    if (Result<void> done = read_member(member, *request); !done) return tl::unexpected(done.error());
  }
  request->usage_wanted = true;
  return request;
}

}  // namespace sluice::test::toy
