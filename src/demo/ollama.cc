// POST /api/chat, /api/generate, /api/embed, /api/embeddings, /api/show, GET /api/tags, /api/version
// (docs.ollama.com/api). Streams are on unless the request turns them off.
#include "base/time_text.h"
#include "demo/embedding.h"
#include "demo/endpoint.h"

namespace sluice::demo {
namespace ollama {
namespace {

// /api/generate says `response` where /api/chat has a message.
enum class Shape : unsigned char { chat, generate };

Out line_of(const Reply& reply, const std::string& created, Shape shape, std::string_view text, const Out& calls,
            bool done) {
  Out line = {{"model", reply.model}, {"created_at", created}};
  if (shape == Shape::chat) {
    line["message"] = {{"role", "assistant"}, {"content", text}};
    if (!calls.empty()) line["message"]["tool_calls"] = calls;
  } else {
    line["response"] = text;
  }
  line["done"] = done;
  if (!done) return line;
  line["done_reason"] = reply.finish == Reply::Finish::length ? "length" : "stop";
  if (shape == Shape::generate) line["context"] = Out::array();
  line["total_duration"] = 1000000;
  line["load_duration"] = 1000;
  line["prompt_eval_count"] = reply.input_tokens;
  line["prompt_eval_duration"] = 1000;
  line["eval_count"] = reply.output_tokens;
  line["eval_duration"] = 1000;
  return line;
}

Out call_of(const ToolCall& call, const std::string& id, size_t index) {
  return {{"id", "call_" + id + "_" + std::to_string(index)},
          {"function", {{"index", index}, {"name", call.name}, {"arguments", Out::parse(call.arguments)}}}};
}

class LineScript final : public Script {
 public:
  LineScript(Reply reply, const DemoRequest& request, Shape shape)
      : Script(std::move(reply)), created_(rfc3339(request.now_s)), id_(request.id), shape_(shape) {}

 private:
  void begin(std::string&) override {}
  void text_piece(std::string& out, std::string_view piece) override { add(out, piece, Out::array(), false); }
  void call_end(std::string& out, size_t index, const ToolCall& call) override {
    add(out, "", Out::array({call_of(call, id_, index)}), false);
  }
  void end(std::string& out) override { add(out, "", Out::array(), true); }
  void add(std::string& out, std::string_view text, const Out& calls, bool done) {
    out += dump(line_of(reply_, created_, shape_, text, calls, done));
    out += '\n';
  }

  const std::string created_, id_;
  const Shape shape_;
};

void read_common(const Json& body, Ask& ask) {
  ask.stream = bool_member(body, "stream", true);
  ask.max_tokens = count_member(member(body, "options"), "num_predict", UINT64_MAX);
  const Json& format = member(body, "format");
  ask.answer_json = format == "json";
  if (format.is_object()) ask.answer_schema = &format;
}

DemoAnswer answer(const DemoRequest& request, const Ask& ask, Shape shape) {
  Reply reply = reply_to(ask, request.id);
  if (ask.stream) {
    return {{}, "application/x-ndjson", std::make_unique<LineScript>(std::move(reply), request, shape)};
  }
  Out calls = Out::array();
  for (size_t i = 0; i < reply.calls.size(); ++i) calls.push_back(call_of(reply.calls[i], request.id, i));
  return json_answer(line_of(reply, rfc3339(request.now_s), shape, reply.text, calls, true));
}

Result<DemoAnswer> answer_chat(const DemoRequest& request, const Json& body) {
  Result<std::string> model = required_model(body);
  if (!model) return tl::unexpected(model.error());
  Ask ask;
  ask.model = *model;
  const Json& messages = member(body, "messages");
  if (!messages.is_array()) return fail(ErrorCode::bad_request, "`messages` must be a list");
  for (const Json& message : messages) {
    const std::string_view role = string_member(message, "role");
    std::string text = text_of(member(message, "content"));
    if (role == "user") {
      ask.add_user_text(std::move(text));
    } else if (role == "tool") {
      ask.add_tool_result(std::move(text));
    } else {
      ask.add_text(text);
    }
  }
  const Json& tools = member(body, "tools");
  if (tools.is_array()) {
    for (const Json& tool : tools) {
      const Json& function = member(tool, "function");
      const std::string_view name = string_member(function, "name");
      if (!name.empty()) ask.tools.push_back({std::string(name), &member(function, "parameters")});
    }
  }
  read_common(body, ask);
  return answer(request, ask, Shape::chat);
}

Result<DemoAnswer> answer_generate(const DemoRequest& request, const Json& body) {
  Result<std::string> model = required_model(body);
  if (!model) return tl::unexpected(model.error());
  Ask ask;
  ask.model = *model;
  ask.add_text(string_member(body, "system"));
  ask.add_user_text(std::string(string_member(body, "prompt")));
  read_common(body, ask);
  return answer(request, ask, Shape::generate);
}

Result<DemoAnswer> embed(const DemoRequest&, const Json& body) {
  Result<std::string> model = required_model(body);
  if (!model) return tl::unexpected(model.error());
  const Json& input = member(body, "input");
  const Json inputs = input.is_array() ? input : Json::array({input});
  if (inputs.size() > max_embeddings) {
    return fail(ErrorCode::bad_request, "`input` holds more than " + std::to_string(max_embeddings) + " texts");
  }
  const uint64_t dimensions = count_member(body, "dimensions", default_dimensions);
  Out embeddings = Out::array();
  uint64_t words = 0;
  for (const Json& one : inputs) {
    embeddings.push_back(embedding_of(text_of(one), dimensions));
    words += Ask::count_words(text_of(one));
  }
  return json_answer({{"model", *model},
                      {"embeddings", embeddings},
                      {"total_duration", 1000000},
                      {"load_duration", 1000},
                      {"prompt_eval_count", words}});
}

Result<DemoAnswer> embeddings(const DemoRequest&, const Json& body) {
  return json_answer({{"embedding", embedding_of(string_member(body, "prompt"), default_dimensions)}});
}

Out details() {
  return {{"parent_model", ""},   {"format", "demo"},       {"family", "demo"},
          {"families", {"demo"}}, {"parameter_size", "0B"}, {"quantization_level", "none"}};
}

Result<DemoAnswer> tags(const DemoRequest& request) {
  Out models = Out::array();
  for (const std::string_view name : listed_models) {
    models.push_back({{"name", name},
                      {"model", name},
                      {"modified_at", rfc3339(request.now_s)},
                      {"size", 0},
                      {"digest", std::string(64, '0')},
                      {"details", details()}});
  }
  return json_answer({{"models", models}});
}

Result<DemoAnswer> show(const DemoRequest&, const Json&) {
  return json_answer({{"modelfile", ""},
                      {"parameters", ""},
                      {"template", ""},
                      {"details", details()},
                      {"model_info", {{"general.architecture", "demo"}}},
                      {"capabilities", {"completion", "tools"}}});
}

Result<DemoAnswer> version(const DemoRequest&) { return json_answer({{"version", "0.12.0"}}); }

constexpr DemoEndpoint endpoints[] = {
    {http::Method::post, "/api/chat", Dialect::ollama, with_json<answer_chat>},
    {http::Method::post, "/api/generate", Dialect::ollama, with_json<answer_generate>},
    {http::Method::post, "/api/embed", Dialect::ollama, with_json<embed>},
    {http::Method::post, "/api/embeddings", Dialect::ollama, with_json<embeddings>},
    {http::Method::get, "/api/tags", Dialect::ollama, tags},
    {http::Method::post, "/api/show", Dialect::ollama, with_json<show>},
    {http::Method::get, "/api/version", Dialect::ollama, version},
};

}  // namespace
}  // namespace ollama

std::span<const DemoEndpoint> ollama_endpoints() { return ollama::endpoints; }

}  // namespace sluice::demo
