#include "translation/toy/translate.h"

namespace sluice::test::toy {

using namespace api;

namespace {

// The texts, joined by line breaks; any other part cannot be translated.
Result<std::string> words_of(const std::vector<Part>& parts, const std::string& path) {
  std::string words;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].kind != PartKind::text) {
      return fail(ErrorCode::untranslatable, path_of(path, i) + ": the target takes words only");
    }
    if (i != 0) words += R"(\n)";
    words += parts[i].text.escaped;
  }
  return words;
}

void drop_unknown(const Request& request, Dropped& dropped) {
  const std::pair<std::string_view, bool> members[] = {{"temperature", !request.sampling.temperature.empty()},
                                                       {"top_p", !request.sampling.top_p.empty()},
                                                       {"stop", !request.stop.empty()},
                                                       {"tools", !request.tools.empty()},
                                                       {"user", !request.user.empty()}};
  for (const auto& [name, is_there] : members) {
    if (is_there) dropped.add(name, DropReason::unsupported);
  }
}

}  // namespace

Result<void> write_request(const Request& request, const TargetFacts& facts, Dropped& dropped,
                           WrittenRequest& written) {
  JsonWriter json(written.body);
  json.object().member("model", facts.model);
  if (!request.system.empty()) {
    const Result<std::string> rules = words_of(request.system, "system");
    if (!rules) return tl::unexpected(rules.error());
    json.key("rules").raw('"' + *rules + '"');
  }
  json.key("say").array();
  for (size_t i = 0; i < request.messages.size(); ++i) {
    const Message& message = request.messages[i];
    const Result<std::string> words = words_of(message.parts, path_of("messages", i, "content"));
    if (!words) return tl::unexpected(words.error());
    json.object().member("by", message.role == Role::assistant ? "bot" : "user").key("words").raw('"' + *words + '"');
    if (request.from == own) append_bag(written.body, message.bag, false);
    json.end_object();
  }
  json.end_array();
  if (request.max_output_tokens) json.member("room", *request.max_output_tokens);
  if (request.stream) json.member("live", true);
  if (request.from == own) append_bag(written.body, request.bag, false);
  json.end_object();
  drop_unknown(request, dropped);
  return {};
}

}  // namespace sluice::test::toy
