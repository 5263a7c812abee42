// Turns requests of any dialect into what the demo model understands.
#include <utility>

#include "api/json_unescape.h"
#include "demo/reply.h"

namespace sluice::demo {
namespace {

std::string plain(api::JsonText text) {
  std::string out;
  api::append_json_unescaped(out, text.escaped);
  return out;
}

std::vector<std::string> texts_of(const std::vector<api::Part>& parts) {
  std::vector<std::string> texts;
  for (const api::Part& part : parts) {
    if (part.kind == api::PartKind::text) texts.push_back(plain(part.text));
    if (part.kind == api::PartKind::document && part.source.kind == api::Source::Kind::text) {
      texts.push_back(plain(part.source.data));
    }
  }
  return texts;
}

void read_message(const api::Message& message, Ask& ask) {
  ask.continues = message.role == api::Role::assistant;
  ask.prefix.clear();
  switch (message.role) {
    case api::Role::user: {
      // In a message with tool results, the results count as the latest part.
      std::optional<std::string> result = message.joined ? std::move(ask.tool_result) : std::nullopt;
      const size_t rounds = message.joined ? ask.rounds : 0;
      const std::vector<std::string> texts = texts_of(message.parts);
      if (!joined(texts).empty() || !message.joined) ask.add_user_message(texts);
      if (result) ask.tool_result = std::move(result);
      ask.rounds = rounds;
      break;
    }
    case api::Role::tool: {
      std::vector<std::string> results;
      for (const api::Part& part : message.parts) results.push_back(joined(texts_of(part.parts)));
      ask.add_tool_results(results);
      break;
    }
    case api::Role::assistant:
      ask.prefix = joined(texts_of(message.parts));
      ask.add_text(ask.prefix);
      break;
    case api::Role::system:
      ask.add_text(joined(texts_of(message.parts)));
      break;
  }
}

void read_tools(const api::Request& request, Ask& ask) {
  for (const api::Tool& tool : request.tools) {
    if (tool.kind == api::ToolKind::other || tool.name.empty()) continue;
    ask.tools.push_back({plain(tool.name), std::string(tool.schema), tool.kind == api::ToolKind::custom});
  }
  const api::ToolChoice& choice = request.tool_choice;
  if (choice.mode == api::ToolChoice::Mode::none) ask.choice = Ask::Choice::none;
  if (choice.mode != api::ToolChoice::Mode::required) return;
  ask.choice = Ask::Choice::required;
  if (choice.allowed.size() == 1) ask.forced_tool = plain(choice.allowed.front());
}

}  // namespace

Ask ask_of(const api::Request& request) {
  Ask ask;
  ask.model = plain(request.model);
  for (const std::string& text : texts_of(request.system)) ask.add_text(text);
  for (const api::Message& message : request.messages) read_message(message, ask);
  read_tools(request, ask);
  ask.max_tokens = request.max_output_tokens.value_or(UINT64_MAX);
  ask.answer_json = request.response_format.kind == api::ResponseFormat::Kind::json_object;
  ask.answer_schema = request.response_format.schema;
  return ask;
}

}  // namespace sluice::demo
