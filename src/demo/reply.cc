#include "demo/reply.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "demo/orders.h"
#include "demo/schema_sample.h"
#include "demo/steps.h"

namespace sluice::demo {

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }  // of a UTF-8 sequence

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

bool stands_in_a_tag(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.size() < 2 || text.front() != '<' || text.back() != '>') return false;
  const std::string_view tag = text.substr(1, text.find_first_of("> \n", 1) - 1);
  return !tag.empty() && text.substr(text.rfind('<')) == "</" + std::string(tag) + ">";
}

constexpr size_t max_hint_bytes = 64;

// The last word of the user's text without the punctuation around it, as a guess at an argument: "Paris".
std::string hint_in(std::string_view text) {
  static constexpr std::string_view blanks = " \n\t\r", signs = " \n\t\r.,;:!?\"'`()[]{}<>";
  const size_t end = text.find_last_not_of(signs);
  if (end == text.npos) return "demo";
  const size_t blank = text.find_last_of(blanks, end);
  const size_t begin = text.find_first_not_of(signs, blank == text.npos ? 0 : blank + 1);
  std::string hint(text.substr(begin, std::min(end - begin + 1, max_hint_bytes)));
  while (!hint.empty() && begin + hint.size() <= end && is_continuation(text[begin + hint.size()])) hint.pop_back();
  return hint;
}

Out sample_of_text(std::string_view schema, const std::string& hint) {
  const Json read = Json::parse(schema, nullptr, false);
  return read.is_object() ? sample_of(read, hint) : Out::object();
}

ToolCall call_of(const OfferedTool& tool, const std::string& hint) {
  if (tool.freeform) return {tool.name, hint, true};
  Out arguments = tool.schema.empty() ? Out::object() : sample_of_text(tool.schema, hint);
  if (!arguments.is_object()) arguments = Out::object();
  return {tool.name, dump(arguments), false};
}

std::vector<ToolCall> calls_for(const Ask& ask, const std::string& hint) {
  std::vector<ToolCall> calls;
  if (ask.choice == Ask::Choice::none || ask.tools.empty()) return calls;
  if (!ask.forced_tool.empty()) {
    for (const OfferedTool& tool : ask.tools) {
      if (tool.name == ask.forced_tool) return {call_of(tool, hint)};
    }
  }
  if (const std::vector<std::vector<ToolCall>> steps = steps_in(ask.user_text, ask.tools); !steps.empty()) {
    return ask.rounds < steps.size() ? steps[ask.rounds] : calls;
  }
  if (ask.tool_result) return calls;
  for (const OfferedTool& tool : ask.tools) {
    if (has_word(ask.user_text, tool.name)) calls.push_back(call_of(tool, hint));
  }
  if (calls.empty() && ask.choice == Ask::Choice::required) calls.push_back(call_of(ask.tools.front(), hint));
  return calls;
}

// A call although none was requested.
ToolCall some_call(const Ask& ask, const std::string& hint) {
  if (!ask.tools.empty()) return call_of(ask.tools.front(), hint);
  return {"look_up", dump(Out{{"query", hint}}), false};
}

// So that two answers to the same question differ after the second word.
void tell_apart(std::string& text, std::string_view id) {
  size_t at = word_at(text, 0).size();
  at += word_at(text, at).size();
  text.insert(std::min(at, text.size()), " [" + std::string(id) + "]");
}

std::string text_for(const Ask& ask, const std::string& hint) {
  if (!ask.answer_schema.empty()) return dump(sample_of_text(ask.answer_schema, hint));
  if (ask.tool_result && !ask.answer_json) return "The tool said: " + *ask.tool_result;
  const std::string said = ask.tool_result ? *ask.tool_result : ask.user_text;
  if (ask.answer_json) return dump(Out{{"you_said", said}});
  return said.empty() ? "You said nothing." : "You said: " + said;
}

}  // namespace

void Ask::add_user_message(const std::vector<std::string>& texts) {
  std::vector<std::string> written;
  std::copy_if(texts.begin(), texts.end(), std::back_inserter(written),
               [](const std::string& text) { return !text.empty() && !stands_in_a_tag(text); });
  for (const std::string& text : texts) add_text(text);
  user_text = joined(written.empty() ? texts : written);
  tool_result.reset();
  rounds = 0;
}

void Ask::add_tool_results(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) add_text(text);
  tool_result = joined(texts);
  ++rounds;
}

uint64_t Ask::count_words(std::string_view text) {
  uint64_t words = 0;
  bool in_word = false;
  for (const char c : text) {
    if (!is_space(c) && !in_word) ++words;
    in_word = !is_space(c);
  }
  return words;
}

namespace {

// Keeps at most `words` words of the text; returns whether there were more.
bool cut_to(std::string& text, uint64_t words) {
  if (Ask::count_words(text) <= words) return false;
  size_t end = 0;
  for (uint64_t i = 0; i < words; ++i) end += word_at(text, end).size();
  text.resize(end);
  return true;
}

// Removes the assistant's own words if the text begins with them.
void leave_prefix_out(const Ask& ask, std::string& text) {
  if (!ask.prefix.empty() && text.starts_with(ask.prefix)) text.erase(0, ask.prefix.size());
}

void say(const Ask& ask, const Orders& orders, const std::string& hint, std::string_view id, Reply& reply) {
  if (orders.refuse) {
    reply.text = "The demo refuses to say that.";
    reply.finish = Reply::Finish::refusal;
    return;
  }
  reply.text = text_for(ask, hint);
  reply.cites = orders.cite;
  if (orders.two_faced) tell_apart(reply.text, id);
  if (orders.takes_prefix) leave_prefix_out(ask, reply.text);
  const uint64_t most = orders.length ? std::max<uint64_t>(Ask::count_words(reply.text) / 2, 1) : ask.max_tokens;
  const bool cut = cut_to(reply.text, std::min(most, ask.max_tokens));
  if (cut || orders.length) reply.finish = Reply::Finish::length;
}

}  // namespace

Reply reply_to(const Ask& ask, std::string_view id) {
  const Orders orders = orders_in(ask.model);
  Reply reply;
  reply.model = ask.model;
  reply.input_tokens = ask.input_tokens;
  const std::string hint = hint_in(ask.user_text);
  if (orders.think || orders.how == Orders::Break::in_thinking) {
    reply.thinking = "The user said " + std::to_string(Ask::count_words(ask.user_text)) + " words. What shall I say?";
    reply.thinking_tokens = Ask::count_words(reply.thinking);
  }
  reply.calls = calls_for(ask, hint);
  if (orders.parallel && !ask.tool_result && ask.choice != Ask::Choice::none) {
    reply.calls.clear();
    for (const OfferedTool& tool : ask.tools) reply.calls.push_back(call_of(tool, hint));
  }
  if (orders.how == Orders::Break::in_call) {
    if (reply.calls.empty()) reply.calls.push_back(some_call(ask, hint));
    reply.slice_bytes = 1;
  }
  reply.output_tokens = reply.thinking_tokens;
  if (!reply.calls.empty()) {
    reply.finish = Reply::Finish::calls;
    for (const ToolCall& call : reply.calls) reply.output_tokens += 1 + Ask::count_words(call.arguments);
    return reply;
  }
  say(ask, orders, hint, id, reply);
  reply.output_tokens += Ask::count_words(reply.text);
  return reply;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) {
    if (text.empty()) continue;
    if (!all.empty()) all += '\n';
    all += text;
  }
  return all;
}

bool has_word(std::string_view text, std::string_view name) {
  if (name.empty()) return false;
  for (size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    if ((at == 0 || !is_name(text[at - 1])) && (end == text.size() || !is_name(text[end]))) return true;
  }
  return false;
}

std::string_view word_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_space(text[end])) ++end;
  while (end < text.size() && !is_space(text[end])) ++end;
  if (std::all_of(text.begin() + static_cast<ptrdiff_t>(end), text.end(), is_space)) end = text.size();
  return text.substr(at, end - at);
}

std::string_view slice_at(std::string_view text, size_t at, size_t slice_bytes) {
  size_t end = std::min(at + slice_bytes, text.size());
  while (end < text.size() && is_continuation(text[end])) ++end;
  return text.substr(at, end - at);
}

}  // namespace sluice::demo
