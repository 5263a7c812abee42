// POST /v1/chat/completions and /v1/completions (platform.openai.com/docs/api-reference/chat, .../completions).
#include "demo/endpoint.h"

namespace sluice::demo {
namespace chat {
namespace {

std::string_view finish_name(Reply::Finish finish) {
  if (finish == Reply::Finish::calls) return "tool_calls";
  return finish == Reply::Finish::length ? "length" : "stop";
}

Out usage_of(const Reply& reply) {
  return {{"prompt_tokens", reply.input_tokens},
          {"completion_tokens", reply.output_tokens},
          {"total_tokens", reply.input_tokens + reply.output_tokens},
          {"prompt_tokens_details", {{"cached_tokens", 0}}},
          {"completion_tokens_details", {{"reasoning_tokens", 0}}}};
}

std::string call_id(const std::string& id, size_t index) { return "call_" + id + "_" + std::to_string(index); }

// What both endpoints' chunks have in common, written once: everything up to what changes from chunk to chunk.
struct ChunkFrame {
  std::string before;
  std::string usage_null;  // ,"usage":null where the usage chunk was asked for

  ChunkFrame(const DemoRequest& request, const Json& body, std::string_view object, std::string_view id_prefix,
             const std::string& model)
      : before("data: {\"id\":\"" + std::string(id_prefix) + request.id + "\",\"object\":\"" + std::string(object) +
               "\",\"created\":" + std::to_string(request.now_s) + ",\"model\":" + json_text(model) +
               ",\"system_fingerprint\":\"fp_demo\",\"choices\":[") {
    if (wants_usage(body)) usage_null = ",\"usage\":null";
  }
  static bool wants_usage(const Json& body) { return bool_member(member(body, "stream_options"), "include_usage"); }

  void add(std::string& out, std::string_view choice) const {
    out += before;
    out += choice;
    out += ']';
    out += usage_null;
    out += "}\n\n";
  }
  void add_end(std::string& out, const Reply& reply) const {
    if (!usage_null.empty()) {
      out += before;
      out += "],\"usage\":" + dump(usage_of(reply)) + "}\n\n";
    }
    out += "data: [DONE]\n\n";
  }
};

class ChatScript final : public Script {
 public:
  ChatScript(Reply reply, const DemoRequest& request, const Json& body)
      : Script(std::move(reply)),
        frame_(request, body, "chat.completion.chunk", "chatcmpl-", reply_.model),
        id_(request.id) {}

 private:
  void begin(std::string& out) override {
    add(out, reply_.calls.empty() ? R"({"role":"assistant","content":"","refusal":null})"
                                  : R"({"role":"assistant","content":null,"refusal":null})");
  }
  void text_piece(std::string& out, std::string_view piece) override {
    add(out, "{\"content\":" + json_text(piece) + "}");
  }
  void call_begin(std::string& out, size_t index, const ToolCall& call) override {
    add(out, dump(Out{{"tool_calls",
                       {{{"index", index},
                         {"id", call_id(id_, index)},
                         {"type", "function"},
                         {"function", {{"name", call.name}, {"arguments", ""}}}}}}}));
  }
  void call_piece(std::string& out, size_t index, const ToolCall&, std::string_view piece) override {
    add(out, dump(Out{{"tool_calls", {{{"index", index}, {"function", {{"arguments", piece}}}}}}}));
  }
  void end(std::string& out) override {
    add(out, "{}", json_text(finish_name(reply_.finish)));
    frame_.add_end(out, reply_);
  }
  void add(std::string& out, std::string_view delta, std::string_view finish = "null") {
    std::string choice = "{\"index\":0,\"delta\":";
    choice += delta;
    choice += ",\"logprobs\":null,\"finish_reason\":";
    choice += finish;
    choice += '}';
    frame_.add(out, choice);
  }

  const ChunkFrame frame_;
  const std::string id_;
};

void read_tools(const Json& body, Ask& ask) {
  const Json& tools = member(body, "tools");
  if (tools.is_array()) {
    for (const Json& tool : tools) {
      const Json& function = member(tool, "function");
      const std::string_view name = string_member(function, "name");
      if (!name.empty()) ask.tools.push_back({std::string(name), &member(function, "parameters")});
    }
  }
  const Json& choice = member(body, "tool_choice");
  if (choice == "none") ask.choice = Ask::Choice::none;
  if (choice == "required") ask.choice = Ask::Choice::required;
  ask.forced_tool = string_member(member(choice, "function"), "name");
}

Result<Ask> read_chat(const Json& body) {
  Ask ask;
  Result<std::string> model = required_model(body);
  if (!model) return tl::unexpected(model.error());
  ask.model = *model;
  const Json& messages = member(body, "messages");
  if (!messages.is_array() || messages.empty()) {
    return fail(ErrorCode::bad_request, "`messages` must be a list that is not empty");
  }
  for (const Json& message : messages) {
    const std::string_view role = string_member(message, "role");
    std::string text = text_of(member(message, "content"));
    if (role == "user") {
      ask.add_user_message(member(message, "content"));
    } else if (role == "tool" || role == "function") {
      ask.add_tool_result(std::move(text));
    } else if (role == "assistant" || role == "system" || role == "developer") {
      ask.add_text(text);
    } else {
      return fail(ErrorCode::bad_request, "`messages` holds a role that is not known: " + std::string(role));
    }
  }
  read_tools(body, ask);
  ask.max_tokens = count_member(body, "max_completion_tokens", count_member(body, "max_tokens", UINT64_MAX));
  ask.stream = bool_member(body, "stream");
  const Json& format = member(body, "response_format");
  ask.answer_json = string_member(format, "type") == "json_object";
  if (const Json& schema = member(member(format, "json_schema"), "schema"); schema.is_object())
    ask.answer_schema = &schema;
  return ask;
}

Result<DemoAnswer> answer_chat(const DemoRequest& request, const Json& body) {
  const Result<Ask> ask = read_chat(body);
  if (!ask) return tl::unexpected(ask.error());
  Reply reply = reply_to(*ask, request.id);
  if (ask->stream) {
    return DemoAnswer{{}, "text/event-stream", std::make_unique<ChatScript>(std::move(reply), request, body)};
  }
  Out message = {{"role", "assistant"}, {"content", reply.text}, {"refusal", nullptr}};
  if (!reply.calls.empty()) message["content"] = nullptr;
  for (size_t i = 0; i < reply.calls.size(); ++i) {
    message["tool_calls"].push_back(
        {{"id", call_id(request.id, i)},
         {"type", "function"},
         {"function", {{"name", reply.calls[i].name}, {"arguments", reply.calls[i].arguments}}}});
  }
  Out choice = {
      {"index", 0}, {"message", message}, {"logprobs", nullptr}, {"finish_reason", finish_name(reply.finish)}};
  return json_answer({{"id", "chatcmpl-" + request.id},
                      {"object", "chat.completion"},
                      {"created", request.now_s},
                      {"model", reply.model},
                      {"choices", Out::array({choice})},
                      {"usage", usage_of(reply)},
                      {"system_fingerprint", "fp_demo"}});
}

class CompletionScript final : public Script {
 public:
  CompletionScript(Reply reply, const DemoRequest& request, const Json& body)
      : Script(std::move(reply)), frame_(request, body, "text_completion", "cmpl-", reply_.model) {}

 private:
  void begin(std::string&) override {}
  void text_piece(std::string& out, std::string_view piece) override { add(out, piece, "null"); }
  void end(std::string& out) override {
    add(out, "", json_text(finish_name(reply_.finish)));
    frame_.add_end(out, reply_);
  }
  void add(std::string& out, std::string_view text, const std::string& finish) {
    frame_.add(out,
               "{\"text\":" + json_text(text) + ",\"index\":0,\"logprobs\":null,\"finish_reason\":" + finish + "}");
  }

  const ChunkFrame frame_;
};

Result<DemoAnswer> answer_completion(const DemoRequest& request, const Json& body) {
  Result<std::string> model = required_model(body);
  if (!model) return tl::unexpected(model.error());
  Ask ask;
  ask.model = *model;
  ask.add_user_text(text_of(member(body, "prompt")));
  ask.max_tokens = count_member(body, "max_tokens", UINT64_MAX);
  Reply reply = reply_to(ask, request.id);
  if (bool_member(body, "stream")) {
    return DemoAnswer{{}, "text/event-stream", std::make_unique<CompletionScript>(std::move(reply), request, body)};
  }
  Out choice = {
      {"text", reply.text}, {"index", 0}, {"logprobs", nullptr}, {"finish_reason", finish_name(reply.finish)}};
  return json_answer({{"id", "cmpl-" + request.id},
                      {"object", "text_completion"},
                      {"created", request.now_s},
                      {"model", reply.model},
                      {"choices", Out::array({choice})},
                      {"usage", usage_of(reply)}});
}

constexpr DemoEndpoint endpoints[] = {
    {http::Method::post, "/v1/chat/completions", Dialect::openai, with_json<answer_chat>},
    {http::Method::post, "/v1/completions", Dialect::openai, with_json<answer_completion>},
};

}  // namespace
}  // namespace chat

std::span<const DemoEndpoint> openai_chat_endpoints() { return chat::endpoints; }

}  // namespace sluice::demo
