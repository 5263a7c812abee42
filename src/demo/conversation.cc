// The demo model's conversation endpoints, in all dialects. Requests are read by the dialect's own reader and answers
// written by its own writer, like the gateway's translated ones.
#include <utility>

#include "api/dialect.h"
#include "api/json_value.h"
#include "demo/endpoint.h"

namespace sluice::demo {
namespace conversation {
namespace {

Result<std::unique_ptr<api::Request>> read(const DemoRequest& request, std::string_view body) {
  const api::ReadContext context{request.endpoint.name, request.name, request.endpoint.name == "streamGenerateContent"};
  auto asked = api::room_of(request.endpoint.dialect).translation.read_request(body, context);
  if (!asked) return asked;
  if ((*asked)->model.empty() && request.name.empty()) {
    return fail(ErrorCode::bad_request, "`model` must be a string that is not empty");
  }
  return asked;
}

// Checks what a conversation of that dialect requires.
Result<void> check(const api::Request& asked, Dialect dialect) {
  // Ollama loads a model this way; for Responses, the reader reports what is missing.
  const bool may_be_empty = dialect == Dialect::ollama || dialect == Dialect::responses;
  if (asked.messages.empty() && asked.system.empty() && !may_be_empty) {
    return fail(ErrorCode::bad_request, dialect == Dialect::gemini
                                            ? "contents is not specified: it must be a list that is not empty"
                                            : "`messages` must be a list that is not empty");
  }
  return {};
}

Ask ask_in(const DemoRequest& request, const api::Request& asked) {
  Ask ask = ask_of(asked);
  if (!request.name.empty()) ask.model = request.name;
  return ask;
}

api::AnswerShape shape_of(const DemoRequest& request, const api::Request& asked, const std::string& model) {
  const std::string query = "&" + std::string(request.head.query()) + "&";
  const bool array = request.endpoint.name == "streamGenerateContent" && query.find("&alt=sse&") == std::string::npos;
  // No origin: opaque parts have no id that the writer would have to wait for.
  return {request.endpoint.name, asked.stream, array, asked, request.id, request.now_s, model, {}};
}

std::string_view content_type_of(const api::AnswerShape& shape, Dialect dialect) {
  if (!shape.stream || shape.json_array) return "application/json";
  return api::room_of(dialect).places.streams_lines ? "application/x-ndjson" : "text/event-stream";
}

// --- stored responses ---

// What is stored of a request for /input_items: its input as a list of items with ids.
std::string input_items_of(std::string_view input, const std::string& id) {
  const Json read = Json::parse(input, nullptr, false);
  Out items = Out::array();
  if (read.is_string()) {
    Out part = {{"type", "input_text"}, {"text", Out(read)}};
    items.push_back({{"type", "message"}, {"role", "user"}, {"content", Out::array({part})}});
  } else if (read.is_array()) {
    items = Out(read);
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].is_object() && !items[i].contains("id")) items[i]["id"] = "item_" + id + "_" + std::to_string(i);
  }
  return dump(items);
}

// The response in a plain body, or in a stream's last event.
std::string response_in(std::string_view bytes) {
  constexpr std::string_view line = "\ndata: ";
  if (const size_t last = bytes.rfind(line); last != bytes.npos) bytes.remove_prefix(last + line.size());
  api::JsonDocument document;
  if (!document.parse(bytes)) return {};
  const api::JsonValue inner = document.root()["response"];
  return std::string(inner.is_object() ? inner.raw() : bytes);
}

class KeptScript final : public Script {
 public:
  KeptScript(Reply reply, std::unique_ptr<api::EventWriter> writer, const DemoRequest& request, std::string input_items)
      : Script(std::move(reply), std::move(writer), request.endpoint.dialect, request.id),
        id_("resp_" + request.id),
        memory_(request.memory),
        input_items_(std::move(input_items)) {}
  void close(std::string& out) override {
    const size_t begin = out.size();
    Script::close(out);
    memory_->put({id_, response_in(std::string_view(out).substr(begin)), input_items_});
  }

 private:
  const std::string id_;
  const std::shared_ptr<DemoMemory> memory_;
  const std::string input_items_;
};

std::unique_ptr<Script> script_for(const DemoRequest& request, const api::Request& asked, Reply reply,
                                   const api::AnswerShape& shape) {
  auto writer = api::room_of(request.endpoint.dialect).translation.make_writer(shape);
  if (!shape.stored) {
    return std::make_unique<Script>(std::move(reply), std::move(writer), request.endpoint.dialect, request.id);
  }
  return std::make_unique<KeptScript>(std::move(reply), std::move(writer), request,
                                      input_items_of(asked.document->root()["input"].raw(), request.id));
}

Result<void> check_previous(const DemoRequest& request, const api::Request& asked) {
  const std::string_view previous = asked.document->root()["previous_response_id"].text().escaped;
  if (previous.empty() || request.memory->find(previous)) return {};
  return fail(ErrorCode::bad_request, "previous response with id '" + std::string(previous) + "' not found");
}

// --- the endpoints ---

std::string whole(Script& script) {
  std::string body;
  script.open(body);
  while (script.next(body)) {
  }
  script.close(body);
  return body;
}

Result<DemoAnswer> converse(const DemoRequest& request) {
  const auto asked = read(request, request.body);
  if (!asked) return tl::unexpected(asked.error());
  const Dialect dialect = request.endpoint.dialect;
  if (const Result<void> complete = check(**asked, dialect); !complete) return tl::unexpected(complete.error());
  if (dialect == Dialect::anthropic && (*asked)->max_output_tokens.value_or(0) == 0) {
    return fail(ErrorCode::bad_request, "max_tokens: Field required, at least 1");
  }
  const Ask ask = ask_in(request, **asked);
  api::AnswerShape shape = shape_of(request, **asked, ask.model);
  if (dialect == Dialect::responses) {
    if (const Result<void> known = check_previous(request, **asked); !known) return tl::unexpected(known.error());
    shape.stored = (*asked)->store.value_or(true);
  }
  std::unique_ptr<Script> script = script_for(request, **asked, reply_to(ask, request.id), shape);
  DemoAnswer answer{{}, content_type_of(shape, dialect), nullptr, ask.model, ask.continues};
  if (shape.stream) {
    answer.script = std::move(script);
  } else {
    answer.body = whole(*script);
  }
  return answer;
}

Result<DemoAnswer> count(const DemoRequest& request, std::string_view body, const char* member) {
  const auto asked = read(request, body);
  if (!asked) return tl::unexpected(asked.error());
  if (const Result<void> complete = check(**asked, request.endpoint.dialect); !complete) {
    return tl::unexpected(complete.error());
  }
  const Ask ask = ask_in(request, **asked);
  Out counted = Out::object();
  if (request.endpoint.dialect == Dialect::responses) counted["object"] = "response.input_tokens";
  counted[member] = ask.input_tokens;
  DemoAnswer answer = json_answer(counted);
  answer.model = ask.model;
  return answer;
}

Result<DemoAnswer> count_input(const DemoRequest& request) { return count(request, request.body, "input_tokens"); }

// The body to count may be nested one level deeper.
Result<DemoAnswer> count_contents(const DemoRequest& request) {
  api::JsonDocument document;
  if (const Result<void> parsed = document.parse(request.body); !parsed) return tl::unexpected(parsed.error());
  std::string_view body = request.body;
  for (const char* name : {"generateContentRequest", "generate_content_request"}) {
    if (document.root()[name].is_object()) body = document.root()[name].raw();
  }
  return count(request, body, "totalTokens");
}

using enum http::Method;
using enum Dialect;
// Some callers use the path of Gemini's stable version, v1, for the beta one.
constexpr DemoEndpoint endpoints[] = {
    {post, "/v1/chat/completions", openai, converse, "chat/completions"},
    {post, "/v1/completions", openai, converse, "completions"},
    {post, "/v1/responses", responses, converse, "responses"},
    {post, "/v1/responses/input_tokens", responses, count_input, "responses"},
    {post, "/v1/messages", anthropic, converse, "messages"},
    {post, "/v1/messages/count_tokens", anthropic, count_input, "messages"},
    {post, "/v1beta/models/{model}:generateContent", gemini, converse, "generateContent"},
    {post, "/v1beta/models/{model}:streamGenerateContent", gemini, converse, "streamGenerateContent"},
    {post, "/v1beta/models/{model}:countTokens", gemini, count_contents, "generateContent"},
    {post, "/v1/models/{model}:generateContent", gemini, converse, "generateContent"},
    {post, "/v1/models/{model}:streamGenerateContent", gemini, converse, "streamGenerateContent"},
    {post, "/v1/models/{model}:countTokens", gemini, count_contents, "generateContent"},
    {post, "/api/chat", ollama, converse, "ollama/chat"},
    {post, "/api/generate", ollama, converse, "ollama/generate"},
};

}  // namespace
}  // namespace conversation

std::span<const DemoEndpoint> conversation_endpoints() { return conversation::endpoints; }

}  // namespace sluice::demo
