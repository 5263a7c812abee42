// POST /v1/messages and /v1/messages/count_tokens (docs.anthropic.com/en/api/messages, .../messages-streaming).
#include "demo/endpoint.h"

namespace sluice::demo {
namespace anthropic {
namespace {

std::string_view stop_reason(Reply::Finish finish) {
  if (finish == Reply::Finish::calls) return "tool_use";
  return finish == Reply::Finish::length ? "max_tokens" : "end_turn";
}

Out usage_of(uint64_t input_tokens, uint64_t output_tokens) {
  return {{"input_tokens", input_tokens},
          {"cache_creation_input_tokens", 0},
          {"cache_read_input_tokens", 0},
          {"output_tokens", output_tokens}};
}

Out message_of(const std::string& id, const std::string& model) {
  return {{"id", "msg_" + id},       {"type", "message"},      {"role", "assistant"},     {"model", model},
          {"content", Out::array()}, {"stop_reason", nullptr}, {"stop_sequence", nullptr}};
}

std::string use_id(const std::string& id, size_t index) { return "toolu_" + id + "_" + std::to_string(index); }

class MessageScript final : public Script {
 public:
  MessageScript(Reply reply, const DemoRequest& request) : Script(std::move(reply)), id_(request.id) {}

 private:
  void begin(std::string& out) override {
    Out message = message_of(id_, reply_.model);
    message["usage"] = usage_of(reply_.input_tokens, 1);
    add(out, {{"type", "message_start"}, {"message", message}});
  }
  void text_begin(std::string& out) override {
    add(out, {{"type", "content_block_start"}, {"index", block_}, {"content_block", {{"type", "text"}, {"text", ""}}}});
    add(out, {{"type", "ping"}});
  }
  void text_piece(std::string& out, std::string_view piece) override {
    add(out,
        {{"type", "content_block_delta"}, {"index", block_}, {"delta", {{"type", "text_delta"}, {"text", piece}}}});
  }
  void text_end(std::string& out) override { add(out, {{"type", "content_block_stop"}, {"index", block_++}}); }
  void call_begin(std::string& out, size_t index, const ToolCall& call) override {
    add(out, {{"type", "content_block_start"},
              {"index", block_},
              {"content_block",
               {{"type", "tool_use"}, {"id", use_id(id_, index)}, {"name", call.name}, {"input", Out::object()}}}});
  }
  void call_piece(std::string& out, size_t, const ToolCall&, std::string_view piece) override {
    add(out, {{"type", "content_block_delta"},
              {"index", block_},
              {"delta", {{"type", "input_json_delta"}, {"partial_json", piece}}}});
  }
  void call_end(std::string& out, size_t, const ToolCall&) override { text_end(out); }
  void end(std::string& out) override {
    add(out, {{"type", "message_delta"},
              {"delta", {{"stop_reason", stop_reason(reply_.finish)}, {"stop_sequence", nullptr}}},
              {"usage", {{"output_tokens", reply_.output_tokens}}}});
    add(out, {{"type", "message_stop"}});
  }
  static void add(std::string& out, const Out& event) {
    add_sse(out, event["type"].get_ref<const std::string&>(), dump(event));
  }

  const std::string id_;
  size_t block_ = 0;
};

// A user turn may hold tool results and text side by side; the results then count as what came last.
void read_user(const Json& content, Ask& ask) {
  if (!text_of(content).empty()) ask.add_user_message(content);
  if (!content.is_array()) return;
  for (const Json& part : content) {
    if (string_member(part, "type") == "tool_result") ask.add_tool_result(text_of(member(part, "content")));
  }
}

void read_tools(const Json& body, Ask& ask) {
  const Json& tools = member(body, "tools");
  if (tools.is_array()) {
    for (const Json& tool : tools) {
      const std::string_view name = string_member(tool, "name");
      // Tools that the provider runs itself have a `type` and no schema; the demo has none of them.
      if (!name.empty() && tool.contains("input_schema"))
        ask.tools.push_back({std::string(name), &member(tool, "input_schema")});
    }
  }
  const Json& choice = member(body, "tool_choice");
  const std::string_view type = string_member(choice, "type");
  if (type == "none") ask.choice = Ask::Choice::none;
  if (type == "any") ask.choice = Ask::Choice::required;
  if (type == "tool") ask.forced_tool = string_member(choice, "name");
}

Result<Ask> read_messages(const Json& body) {
  Ask ask;
  Result<std::string> model = required_model(body);
  if (!model) return tl::unexpected(model.error());
  ask.model = *model;
  ask.add_text(text_of(member(body, "system")));
  const Json& messages = member(body, "messages");
  if (!messages.is_array() || messages.empty()) {
    return fail(ErrorCode::bad_request, "messages: at least one message is required");
  }
  for (const Json& message : messages) {
    const std::string_view role = string_member(message, "role");
    if (role == "user") {
      read_user(member(message, "content"), ask);
    } else if (role == "assistant" || role == "system") {
      ask.add_text(text_of(member(message, "content")));
    } else {
      return fail(ErrorCode::bad_request,
                  "messages: roles are `user`, `assistant` and `system`, not `" + std::string(role) + "`");
    }
  }
  read_tools(body, ask);
  ask.stream = bool_member(body, "stream");
  const Json& schema = member(member(member(body, "output_config"), "format"), "schema");
  if (schema.is_object()) ask.answer_schema = &schema;
  return ask;
}

Result<DemoAnswer> answer_messages(const DemoRequest& request, const Json& body) {
  Result<Ask> ask = read_messages(body);
  if (!ask) return tl::unexpected(ask.error());
  ask->max_tokens = count_member(body, "max_tokens", 0);
  if (ask->max_tokens == 0) return fail(ErrorCode::bad_request, "max_tokens: Field required, at least 1");
  Reply reply = reply_to(*ask, request.id);
  if (ask->stream)
    return DemoAnswer{{}, "text/event-stream", std::make_unique<MessageScript>(std::move(reply), request)};
  Out message = message_of(request.id, reply.model);
  if (!reply.text.empty()) message["content"].push_back({{"type", "text"}, {"text", reply.text}});
  for (size_t i = 0; i < reply.calls.size(); ++i) {
    message["content"].push_back({{"type", "tool_use"},
                                  {"id", use_id(request.id, i)},
                                  {"name", reply.calls[i].name},
                                  {"input", Out::parse(reply.calls[i].arguments)}});
  }
  message["stop_reason"] = stop_reason(reply.finish);
  message["usage"] = usage_of(reply.input_tokens, reply.output_tokens);
  return json_answer(message);
}

Result<DemoAnswer> count_tokens(const DemoRequest&, const Json& body) {
  const Result<Ask> ask = read_messages(body);
  if (!ask) return tl::unexpected(ask.error());
  return json_answer({{"input_tokens", ask->input_tokens}});
}

constexpr DemoEndpoint endpoints[] = {
    {http::Method::post, "/v1/messages", Dialect::anthropic, with_json<answer_messages>},
    {http::Method::post, "/v1/messages/count_tokens", Dialect::anthropic, with_json<count_tokens>},
};

}  // namespace
}  // namespace anthropic

std::span<const DemoEndpoint> anthropic_endpoints() { return anthropic::endpoints; }

}  // namespace sluice::demo
