// POST /v1beta/models/{model}:generateContent and its relatives (ai.google.dev/api/generate-content, .../embeddings).
#include "demo/embedding.h"
#include "demo/endpoint.h"

namespace sluice::demo {
namespace gemini {
namespace {

// Older callers write snake_case; both are taken.
const Json& either(const Json& object, std::string_view camel, std::string_view snake) {
  const Json& value = member(object, camel);
  return value.is_null() ? member(object, snake) : value;
}

// A JSON schema, or the older form of one that the API had before.
const Json& schema_in(const Json& object, std::string_view camel, std::string_view snake, std::string_view older,
                      std::string_view older_snake) {
  const Json& schema = either(object, camel, snake);
  return schema.is_null() ? either(object, older, older_snake) : schema;
}

Out usage_of(const Reply& reply) {
  return {{"promptTokenCount", reply.input_tokens},
          {"candidatesTokenCount", reply.output_tokens},
          {"totalTokenCount", reply.input_tokens + reply.output_tokens}};
}

Out answer_of(const Out& parts, const Reply& reply, const std::string& id, bool last) {
  Out candidate = {{"content", {{"parts", parts}, {"role", "model"}}}, {"index", 0}};
  if (last) candidate["finishReason"] = reply.finish == Reply::Finish::length ? "MAX_TOKENS" : "STOP";
  return {{"candidates", Out::array({candidate})},
          {"usageMetadata", usage_of(reply)},
          {"modelVersion", reply.model},
          {"responseId", id}};
}

Out call_part(const ToolCall& call, const std::string& id, size_t index) {
  return {{"functionCall",
           {{"id", "call_" + id + "_" + std::to_string(index)},
            {"name", call.name},
            {"args", Out::parse(call.arguments)}}}};
}

// Frames are SSE with alt=sse, else the elements of one JSON array. Calls are never cut in pieces.
class ContentScript final : public Script {
 public:
  ContentScript(Reply reply, const DemoRequest& request, bool sse)
      : Script(std::move(reply)), id_(request.id), sse_(sse) {}

 private:
  void begin(std::string&) override {}
  void text_piece(std::string& out, std::string_view piece) override { hold(out, Out{{"text", piece}}); }
  void call_end(std::string& out, size_t index, const ToolCall& call) override {
    hold(out, call_part(call, id_, index));
  }
  void end(std::string& out) override {
    add(out, held_.is_null() ? Out{{"text", ""}} : held_, true);
    if (!sse_) out += "]";
  }

  // The finish reason stands in the last frame that has words: whether a frame is the last is known when the next one
  // comes, or, as here, when its text ends the reply.
  void hold(std::string& out, Out part) {
    ++parts_;
    words_bytes_ += part.contains("text") ? part["text"].get_ref<const std::string&>().size() : 0;
    const bool last = reply_.calls.empty() ? words_bytes_ == reply_.text.size() : parts_ == reply_.calls.size();
    if (last) {
      held_ = std::move(part);
    } else {
      add(out, part, false);
    }
  }
  void add(std::string& out, const Out& part, bool last) {
    const std::string frame = dump(answer_of(Out::array({part}), reply_, id_, last));
    if (sse_) {
      add_sse(out, "", frame);
    } else {
      out += begun_ ? ",\r\n" : "[";
      out += frame;
    }
    begun_ = true;
  }

  const std::string id_;
  const bool sse_;
  Out held_;
  size_t parts_ = 0;
  size_t words_bytes_ = 0;
  bool begun_ = false;
};

void read_turn(const Json& turn, Ask& ask) {
  const Json& parts = member(turn, "parts");
  const std::string text = text_of(parts);
  if (string_member(turn, "role") == "model") return ask.add_text(text);
  if (!text.empty()) ask.add_user_message(parts);
  if (!parts.is_array()) return;
  for (const Json& part : parts) {
    const Json& response = member(either(part, "functionResponse", "function_response"), "response");
    if (response.is_null()) continue;
    const std::string_view output = string_member(response, "output");
    ask.add_tool_result(output.empty() ? dump(response) : std::string(output));
  }
}

void read_tools(const Json& body, Ask& ask) {
  const Json& tools = member(body, "tools");
  if (tools.is_array()) {
    for (const Json& tool : tools) {
      const Json& functions = either(tool, "functionDeclarations", "function_declarations");
      if (!functions.is_array()) continue;
      for (const Json& function : functions) {
        const std::string_view name = string_member(function, "name");
        const Json& schema =
            schema_in(function, "parametersJsonSchema", "parameters_json_schema", "parameters", "parameters");
        if (!name.empty()) ask.tools.push_back({std::string(name), &schema});
      }
    }
  }
  const Json& config =
      either(either(body, "toolConfig", "tool_config"), "functionCallingConfig", "function_calling_config");
  const std::string_view mode = string_member(config, "mode");
  if (mode == "NONE") ask.choice = Ask::Choice::none;
  if (mode != "ANY") return;
  ask.choice = Ask::Choice::required;
  const Json& allowed = either(config, "allowedFunctionNames", "allowed_function_names");
  if (allowed.is_array() && allowed.size() == 1 && allowed.front().is_string()) {
    ask.forced_tool = allowed.front().get<std::string>();
  }
}

Result<Ask> read_contents(const DemoRequest& request, const Json& body) {
  Ask ask;
  ask.model = request.name;
  ask.add_text(text_of(member(either(body, "systemInstruction", "system_instruction"), "parts")));
  const Json& contents = member(body, "contents");
  if (!contents.is_array() || contents.empty()) {
    return fail(ErrorCode::bad_request, "contents is not specified: it must be a list that is not empty");
  }
  for (const Json& turn : contents) read_turn(turn, ask);
  read_tools(body, ask);
  const Json& config = either(body, "generationConfig", "generation_config");
  ask.max_tokens = count_member(config, "maxOutputTokens", count_member(config, "max_output_tokens", UINT64_MAX));
  ask.answer_json = either(config, "responseMimeType", "response_mime_type") == "application/json";
  const Json& schema =
      schema_in(config, "responseJsonSchema", "response_json_schema", "responseSchema", "response_schema");
  if (schema.is_object()) ask.answer_schema = &schema;
  return ask;
}

template <bool stream>
Result<DemoAnswer> generate(const DemoRequest& request, const Json& body) {
  const Result<Ask> ask = read_contents(request, body);
  if (!ask) return tl::unexpected(ask.error());
  Reply reply = reply_to(*ask, request.id);
  if (stream) {
    const bool sse = ("&" + std::string(request.head.query()) + "&").find("&alt=sse&") != std::string::npos;
    return DemoAnswer{{},
                      sse ? "text/event-stream" : "application/json",
                      std::make_unique<ContentScript>(std::move(reply), request, sse)};
  }
  Out parts = Out::array();
  if (reply.calls.empty()) parts.push_back({{"text", reply.text}});
  for (size_t i = 0; i < reply.calls.size(); ++i) parts.push_back(call_part(reply.calls[i], request.id, i));
  return json_answer(answer_of(parts, reply, request.id, true));
}

Result<DemoAnswer> count_tokens(const DemoRequest& request, const Json& body) {
  const Json& inner = either(body, "generateContentRequest", "generate_content_request");
  const Result<Ask> ask = read_contents(request, inner.is_object() ? inner : body);
  if (!ask) return tl::unexpected(ask.error());
  return json_answer({{"totalTokens", ask->input_tokens}});
}

Out embedding_for(const Json& request) {
  const uint64_t size =
      count_member(request, "outputDimensionality", count_member(request, "output_dimensionality", default_dimensions));
  return {{"values", embedding_of(text_of(member(member(request, "content"), "parts")), size)}};
}

Result<DemoAnswer> embed_content(const DemoRequest&, const Json& body) {
  if (!member(body, "content").is_object()) return fail(ErrorCode::bad_request, "content is not specified");
  return json_answer({{"embedding", embedding_for(body)}});
}

Result<DemoAnswer> batch_embed(const DemoRequest&, const Json& body) {
  const Json& requests = member(body, "requests");
  if (!requests.is_array() || requests.size() > max_embeddings) {
    return fail(ErrorCode::bad_request, "requests must be a list of at most " + std::to_string(max_embeddings));
  }
  Out embeddings = Out::array();
  for (const Json& one : requests) embeddings.push_back(embedding_for(one));
  return json_answer({{"embeddings", embeddings}});
}

Out model_of(const std::string& name) {
  return {{"name", "models/" + name},
          {"version", "1"},
          {"displayName", name},
          {"description", "The built-in demo model."},
          {"inputTokenLimit", 1048576},
          {"outputTokenLimit", 65536},
          {"supportedGenerationMethods", {"generateContent", "streamGenerateContent", "countTokens", "embedContent"}}};
}

Result<DemoAnswer> list_models(const DemoRequest&) {
  Out models = Out::array();
  for (const std::string_view name : listed_models) models.push_back(model_of(std::string(name)));
  return json_answer({{"models", models}});
}

Result<DemoAnswer> show_model(const DemoRequest& request) { return json_answer(model_of(request.name)); }

// Some callers write the stable version in the path, v1, for the beta one.
constexpr DemoEndpoint endpoints[] = {
    {http::Method::post, "/v1beta/models/{model}:generateContent", Dialect::gemini, with_json<generate<false>>},
    {http::Method::post, "/v1beta/models/{model}:streamGenerateContent", Dialect::gemini, with_json<generate<true>>},
    {http::Method::post, "/v1beta/models/{model}:countTokens", Dialect::gemini, with_json<count_tokens>},
    {http::Method::post, "/v1beta/models/{model}:embedContent", Dialect::gemini, with_json<embed_content>},
    {http::Method::post, "/v1beta/models/{model}:batchEmbedContents", Dialect::gemini, with_json<batch_embed>},
    {http::Method::post, "/v1/models/{model}:generateContent", Dialect::gemini, with_json<generate<false>>},
    {http::Method::post, "/v1/models/{model}:streamGenerateContent", Dialect::gemini, with_json<generate<true>>},
    {http::Method::post, "/v1/models/{model}:countTokens", Dialect::gemini, with_json<count_tokens>},
    {http::Method::post, "/v1/models/{model}:embedContent", Dialect::gemini, with_json<embed_content>},
    {http::Method::post, "/v1/models/{model}:batchEmbedContents", Dialect::gemini, with_json<batch_embed>},
    {http::Method::get, "/v1beta/models", Dialect::gemini, list_models},
    {http::Method::get, "/v1beta/models/{model}", Dialect::gemini, show_model},
};

}  // namespace
}  // namespace gemini

std::span<const DemoEndpoint> gemini_endpoints() { return gemini::endpoints; }

}  // namespace sluice::demo
