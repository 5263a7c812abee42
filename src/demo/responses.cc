// POST /v1/responses, and what can be done with a stored one (platform.openai.com/docs/api-reference/responses,
// .../responses-streaming).
#include "demo/endpoint.h"

namespace sluice::demo {
namespace responses {
namespace {

// One message, or one call, as it stands in `output` when it is whole.
Out message_item(const std::string& id, const std::string& text) {
  Out part = {{"type", "output_text"}, {"annotations", Out::array()}, {"logprobs", Out::array()}, {"text", text}};
  return {{"id", "msg_" + id},
          {"type", "message"},
          {"status", "completed"},
          {"content", Out::array({part})},
          {"role", "assistant"}};
}

Out call_item(const std::string& id, size_t index, const ToolCall& call, bool whole) {
  const std::string suffix = id + "_" + std::to_string(index);
  return {{"id", (call.freeform ? "ctc_" : "fc_") + suffix},
          {"type", call.freeform ? "custom_tool_call" : "function_call"},
          {"status", whole ? "completed" : "in_progress"},
          {call.freeform ? "input" : "arguments", whole ? call.arguments : ""},
          {"call_id", "call_" + suffix},
          {"name", call.name}};
}

Out output_of(const Reply& reply, const std::string& id) {
  Out output = Out::array();
  if (!reply.text.empty()) output.push_back(message_item(id, reply.text));
  for (size_t i = 0; i < reply.calls.size(); ++i) output.push_back(call_item(id, i, reply.calls[i], true));
  return output;
}

Out or_else(const Json& value, const Out& otherwise) { return value.is_null() ? otherwise : Out(value); }

// The response object before anything was said.
Out blank_response(const DemoRequest& request, const Json& body, const std::string& model) {
  return {{"id", "resp_" + request.id},
          {"object", "response"},
          {"created_at", request.now_s},
          {"status", "in_progress"},
          {"background", false},
          {"error", nullptr},
          {"incomplete_details", nullptr},
          {"instructions", Out(member(body, "instructions"))},
          {"max_output_tokens", Out(member(body, "max_output_tokens"))},
          {"model", model},
          {"output", Out::array()},
          {"parallel_tool_calls", bool_member(body, "parallel_tool_calls", true)},
          {"previous_response_id", Out(member(body, "previous_response_id"))},
          {"reasoning", or_else(member(body, "reasoning"), {{"effort", nullptr}, {"summary", nullptr}})},
          {"store", bool_member(body, "store", true)},
          {"temperature", or_else(member(body, "temperature"), 1.0)},
          {"text", or_else(member(body, "text"), {{"format", {{"type", "text"}}}})},
          {"tool_choice", or_else(member(body, "tool_choice"), "auto")},
          {"tools", or_else(member(body, "tools"), Out::array())},
          {"top_p", or_else(member(body, "top_p"), 1.0)},
          {"truncation", "disabled"},
          {"usage", nullptr},
          {"user", Out(member(body, "user"))},
          {"metadata", or_else(member(body, "metadata"), Out::object())}};
}

void complete(Out& response, const Reply& reply, const std::string& id) {
  const bool cut = reply.finish == Reply::Finish::length;
  response["status"] = cut ? "incomplete" : "completed";
  if (cut) response["incomplete_details"] = {{"reason", "max_output_tokens"}};
  response["output"] = output_of(reply, id);
  response["usage"] = {{"input_tokens", reply.input_tokens},
                       {"input_tokens_details", {{"cached_tokens", 0}}},
                       {"output_tokens", reply.output_tokens},
                       {"output_tokens_details", {{"reasoning_tokens", 0}}},
                       {"total_tokens", reply.input_tokens + reply.output_tokens}};
}

// What is kept of a request for /input_items: its input as a list of items with ids.
std::string input_items_of(const Json& body, const std::string& id) {
  const Json& input = member(body, "input");
  Out items = Out::array();
  if (input.is_string()) {
    Out part = {{"type", "input_text"}, {"text", Out(input)}};
    items.push_back({{"type", "message"}, {"role", "user"}, {"content", Out::array({part})}});
  } else if (input.is_array()) {
    items = Out(input);
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].is_object() && !items[i].contains("id")) items[i]["id"] = "item_" + id + "_" + std::to_string(i);
  }
  return dump(items);
}

class ResponseScript final : public Script {
 public:
  // `memory`: where the whole response is kept; null: it is not.
  ResponseScript(Reply reply, const DemoRequest& request, Out blank, std::shared_ptr<DemoMemory> memory,
                 std::string input_items)
      : Script(std::move(reply)),
        id_(request.id),
        response_(std::move(blank)),
        memory_(std::move(memory)),
        input_items_(std::move(input_items)) {}

 private:
  void begin(std::string& out) override {
    add(out, {{"type", "response.created"}, {"response", response_}});
    add(out, {{"type", "response.in_progress"}, {"response", response_}});
  }
  void text_begin(std::string& out) override {
    Out item = message_item(id_, "");
    item["status"] = "in_progress";
    item["content"] = Out::array();
    add(out, {{"type", "response.output_item.added"}, {"output_index", index_}, {"item", item}});
    add(out, in_part("response.content_part.added", "part", message_item(id_, "")["content"][0]));
  }
  void text_piece(std::string& out, std::string_view piece) override {
    Out event = in_part("response.output_text.delta", "delta", piece);
    event["logprobs"] = Out::array();
    add(out, std::move(event));
  }
  void text_end(std::string& out) override {
    Out event = in_part("response.output_text.done", "text", reply_.text);
    event["logprobs"] = Out::array();
    add(out, std::move(event));
    const Out item = message_item(id_, reply_.text);
    add(out, in_part("response.content_part.done", "part", item["content"][0]));
    add(out, {{"type", "response.output_item.done"}, {"output_index", index_++}, {"item", item}});
  }
  void call_begin(std::string& out, size_t index, const ToolCall& call) override {
    add(out, {{"type", "response.output_item.added"},
              {"output_index", index_},
              {"item", call_item(id_, index, call, false)}});
  }
  void call_piece(std::string& out, size_t index, const ToolCall& call, std::string_view piece) override {
    add(out, in_call(index, call, "delta", "delta", piece));
  }
  void call_end(std::string& out, size_t index, const ToolCall& call) override {
    add(out, in_call(index, call, "done", call.freeform ? "input" : "arguments", call.arguments));
    add(out, {{"type", "response.output_item.done"},
              {"output_index", index_++},
              {"item", call_item(id_, index, call, true)}});
  }
  void end(std::string& out) override {
    complete(response_, reply_, id_);
    if (memory_) memory_->put({"resp_" + id_, dump(response_), input_items_});
    const bool cut = reply_.finish == Reply::Finish::length;
    add(out, {{"type", cut ? "response.incomplete" : "response.completed"}, {"response", response_}});
  }

  Out in_part(std::string_view type, const char* name, const Out& value) const {
    return {{"type", type}, {"item_id", "msg_" + id_}, {"output_index", index_}, {"content_index", 0}, {name, value}};
  }
  Out in_call(size_t index, const ToolCall& call, std::string_view what, const char* name,
              std::string_view value) const {
    const std::string kind = call.freeform ? "response.custom_tool_call_input." : "response.function_call_arguments.";
    return {{"type", kind + std::string(what)},
            {"item_id", call_item(id_, index, call, false)["id"]},
            {"output_index", index_},
            {name, value}};
  }
  void add(std::string& out, Out event) {
    event["sequence_number"] = sequence_++;
    add_sse(out, event["type"].get_ref<const std::string&>(), dump(event));
  }

  const std::string id_;
  Out response_;
  const std::shared_ptr<DemoMemory> memory_;
  const std::string input_items_;
  size_t index_ = 0;     // of the output item under way
  size_t sequence_ = 0;  // of the next event
};

void read_input(const Json& body, Ask& ask) {
  ask.add_text(string_member(body, "instructions"));
  const Json& input = member(body, "input");
  if (input.is_string()) ask.add_user_text(input.get<std::string>());
  if (!input.is_array()) return;
  for (const Json& item : input) {
    if (string_member(item, "type").ends_with("_call_output")) {
      ask.add_tool_result(text_of(member(item, "output")));
    } else if (string_member(item, "role") == "user") {
      ask.add_user_message(member(item, "content"));
    } else {
      ask.add_text(text_of(member(item, "content")));
    }
  }
}

void read_tools(const Json& body, Ask& ask) {
  const Json& tools = member(body, "tools");
  if (tools.is_array()) {
    for (const Json& tool : tools) {
      const std::string_view type = string_member(tool, "type"), name = string_member(tool, "name");
      if (name.empty() || (type != "function" && type != "custom")) continue;
      ask.tools.push_back({std::string(name), &member(tool, "parameters"), type == "custom"});
    }
  }
  const Json& choice = member(body, "tool_choice");
  if (choice == "none") ask.choice = Ask::Choice::none;
  if (choice == "required") ask.choice = Ask::Choice::required;
  ask.forced_tool = string_member(choice, "name");
}

Result<Ask> read_request(const DemoRequest& request, const Json& body) {
  Ask ask;
  Result<std::string> model = required_model(body);
  if (!model) return tl::unexpected(model.error());
  ask.model = *model;
  const std::string_view previous = string_member(body, "previous_response_id");
  if (!previous.empty() && !request.memory->find(previous)) {
    return fail(ErrorCode::bad_request, "previous response with id '" + std::string(previous) + "' not found");
  }
  const Json& input = member(body, "input");
  if (!input.is_string() && !input.is_array()) return fail(ErrorCode::bad_request, "`input` must be a text or a list");
  read_input(body, ask);
  read_tools(body, ask);
  ask.max_tokens = count_member(body, "max_output_tokens", UINT64_MAX);
  ask.stream = bool_member(body, "stream");
  const Json& format = member(member(body, "text"), "format");
  ask.answer_json = string_member(format, "type") == "json_object";
  if (const Json& schema = member(format, "schema"); schema.is_object()) ask.answer_schema = &schema;
  return ask;
}

Result<DemoAnswer> create(const DemoRequest& request, const Json& body) {
  const Result<Ask> ask = read_request(request, body);
  if (!ask) return tl::unexpected(ask.error());
  Reply reply = reply_to(*ask, request.id);
  Out response = blank_response(request, body, reply.model);
  const bool store = bool_member(body, "store", true);
  std::string input_items = store ? input_items_of(body, request.id) : "";
  if (ask->stream) {
    return DemoAnswer{{},
                      "text/event-stream",
                      std::make_unique<ResponseScript>(std::move(reply), request, std::move(response),
                                                       store ? request.memory : nullptr, std::move(input_items))};
  }
  complete(response, reply, request.id);
  DemoAnswer answer = json_answer(response);
  if (store) request.memory->put({"resp_" + request.id, answer.body, std::move(input_items)});
  return answer;
}

Result<DemoAnswer> count_tokens(const DemoRequest& request, const Json& body) {
  const Result<Ask> ask = read_request(request, body);
  if (!ask) return tl::unexpected(ask.error());
  return json_answer({{"object", "response.input_tokens"}, {"input_tokens", ask->input_tokens}});
}

Result<DemoMemory::Entry> stored(const DemoRequest& request) {
  std::optional<DemoMemory::Entry> entry = request.memory->find(request.name);
  if (!entry) return fail(ErrorCode::unknown_path, "response with id '" + request.name + "' not found");
  return std::move(*entry);
}

Result<DemoAnswer> show(const DemoRequest& request) {
  Result<DemoMemory::Entry> entry = stored(request);
  if (!entry) return tl::unexpected(entry.error());
  return DemoAnswer{std::move(entry->response), "application/json", nullptr};
}

Result<DemoAnswer> remove(const DemoRequest& request) {
  const Result<DemoMemory::Entry> entry = stored(request);
  if (!entry) return tl::unexpected(entry.error());
  request.memory->remove(request.name);
  return json_answer({{"id", request.name}, {"object", "response"}, {"deleted", true}});
}

// An answer is whole as soon as it can be found, so there is nothing left to stop; its status says so.
Result<DemoAnswer> cancel(const DemoRequest& request) {
  const Result<DemoMemory::Entry> entry = stored(request);
  if (!entry) return tl::unexpected(entry.error());
  Out response = Out::parse(entry->response);
  response["status"] = "cancelled";
  return json_answer(response);
}

Result<DemoAnswer> input_items(const DemoRequest& request) {
  const Result<DemoMemory::Entry> entry = stored(request);
  if (!entry) return tl::unexpected(entry.error());
  const Out items = Out::parse(entry->input_items);
  Out list = {{"object", "list"}, {"data", items}, {"has_more", false}, {"first_id", nullptr}, {"last_id", nullptr}};
  if (!items.empty() && items.front().is_object()) list["first_id"] = items.front()["id"];
  if (!items.empty() && items.back().is_object()) list["last_id"] = items.back()["id"];
  return json_answer(list);
}

constexpr DemoEndpoint endpoints[] = {
    {http::Method::post, "/v1/responses", Dialect::responses, with_json<create>},
    {http::Method::post, "/v1/responses/input_tokens", Dialect::responses, with_json<count_tokens>},
    {http::Method::get, "/v1/responses/{id}", Dialect::responses, show},
    {http::Method::del, "/v1/responses/{id}", Dialect::responses, remove},
    {http::Method::post, "/v1/responses/{id}/cancel", Dialect::responses, cancel},
    {http::Method::get, "/v1/responses/{id}/input_items", Dialect::responses, input_items},
};

}  // namespace
}  // namespace responses

std::span<const DemoEndpoint> responses_endpoints() { return responses::endpoints; }

}  // namespace sluice::demo
