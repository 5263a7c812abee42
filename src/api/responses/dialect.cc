// OpenAI's responses.
#include "api/dialect.h"

#include "api/responses/keeping.h"
#include "api/responses/translate.h"

namespace sluice::api::responses {
namespace {

using enum http::Method;
using enum ModelIn;
constexpr Dialect own = Dialect::responses;

constexpr std::array endpoints = std::to_array<Endpoint>({
    {"responses", own, post, "/v1/responses", json_body, false, true, Yields::tokens, false, true},
    {"responses/compact", own, post, "/v1/responses/compact", json_body},
    {"responses/input_tokens", own, post, "/v1/responses/input_tokens", json_body, false, false, Yields::nothing},
    {"responses/input_items", own, get, "/v1/responses/{id}/input_items", nowhere},
    {"responses/cancel", own, post, "/v1/responses/{id}/cancel", nowhere},
    {"responses/get", own, get, "/v1/responses/{id}", nowhere, false, true},
    {"responses/delete", own, del, "/v1/responses/{id}", nowhere},
});
constexpr std::string_view roots[] = {"/v1/responses", "/responses"};
// This dialect's names for what writers drop (dropped.h); the longer ones first.
constexpr OwnWord own_words[] = {
    {"messages", "input"},
    {"system", "instructions"},
    {"max_tokens", "max_output_tokens"},
    {"response_format", "text.format"},
    {"verbosity", "text.verbosity"},
};

void write_count_question(std::string_view request_body, const TargetFacts&, std::string& out) {
  constexpr std::string_view members[] = {"model",       "input", "instructions", "tools",
                                          "tool_choice", "text",  "reasoning",    "parallel_tool_calls"};
  append_members(request_body, members, out);
}
std::string count_path(std::string_view) { return "/responses/input_tokens"; }
void write_count(uint64_t tokens, std::string& out) {
  JsonWriter(out).object().member("object", "response.input_tokens").member("input_tokens", tokens).end_object();
}
constexpr std::string_view count_endpoints[] = {"responses/input_tokens"};
constexpr CountRoom count_room = {.endpoints = count_endpoints,
                                  .member = "input_tokens",
                                  .write_question = write_count_question,
                                  .path = count_path,
                                  .write_answer = write_count};
constexpr std::string_view conversations[] = {"responses", "responses/input_tokens"};
constexpr std::string_view translated[] = {"responses", compact_endpoint};
constexpr Operation operations[] = {{"responses", "chat"}};
constexpr std::string_view key_fields[] = {"authorization"};

constexpr auto frame_places =
    joined_places(usage_places, std::to_array<ScanEdge>({
                                    {node::root, "response", node::inner_response},  // of created, completed, ...
                                    {node::root, "sequence_number", node::sequence},
                                    {node::root, "output", node::inner_response},  // a body's
                                    {node::inner_response, "model", node::model},
                                    {node::inner_response, "usage", node::usage},
                                    {node::inner_response, "status", node::status},
                                    {node::inner_response, "error", node::error},
                                }));
constexpr ScanTree frames(frame_places);
constexpr ScanTree bodies(body_places<frame_places>);
constexpr std::string_view output_keys[] = {R"("delta")"};
constexpr std::string_view output_types[] = {"_call", "reasoning", "compaction"};
constexpr Places places{.frames = frames,
                        .bodies = bodies,
                        .words = {R"("response")", R"("error")", R"("usage")", R"("usage")"},
                        .output = {output_keys, output_types},
                        .numbers_frames = true};

// By the specification its members are flat; SDKs look for the `error` besides them.
void write_error_event(const Error& error, const ErrorFacts& facts, std::string& out) {
  const ErrorWords words = error_words(error.code);
  JsonWriter json(out);
  json.object().member("type", "error").member("code", words.code).member("message", error.message);
  json.member("param", words.param).member("sequence_number", facts.sequence);
  write_error_object(error, json.key("error"));
  json.end_object();
}

}  // namespace

extern const DialectRoom room;
constinit const DialectRoom room{
    .id = own,
    .endpoints = EndpointTable(endpoints),
    .version_optional = true,
    .roots = roots,
    .operations = operations,
    .translated = translated,
    .key_fields = key_fields,
    .peek = {.max_output = {false, false, true}},
    .places = places,
    .heartbeat = ": keep-alive\n",
    .takes_event_ids = true,
    .write_error = write_plain_error,
    .write_error_event = write_error_event,
    .names_events = true,
    .error_schema = plain_error_schema,
    .translation = {.read_request = read_request,
                    .set_facts = set_facts,
                    .write_request = write_request,
                    .path = path_below,
                    .make_reader = make_reader,
                    .make_writer = make_writer,
                    .make_sent_state = make_sent_state,
                    .signs_thinking = true,
                    .write_provider_error = write_plain_provider_error,
                    .counts = &count_room,
                    .words = own_words,
                    .conversations = conversations},
    .keeping = &keeping,
    .resumption = &resumption,
};

}  // namespace sluice::api::responses
