// Anthropic's Messages API.
#include "api/dialect.h"

#include "api/anthropic/translate.h"
#include "base/json_writer.h"
#include "base/time_text.h"

namespace sluice::api::anthropic {
namespace {

using enum http::Method;
using enum ModelIn;

constexpr std::array endpoints = std::to_array<Endpoint>({
    {"messages", own, post, "/v1/messages", json_body, false, true},
    {"messages/count_tokens", own, post, "/v1/messages/count_tokens", json_body, false, false, Yields::nothing},
});
constexpr std::array subtrees = passing(own, {
                                                 {"agents", "/v1/agents"},
                                                 {"compliance", "/v1/compliance"},
                                                 {"deployment_runs", "/v1/deployment_runs"},
                                                 {"deployments", "/v1/deployments"},
                                                 {"dreams", "/v1/dreams"},
                                                 {"environments", "/v1/environments"},
                                                 {"files", "/v1/files"},
                                                 {"memory_stores", "/v1/memory_stores"},
                                                 {"messages/batches", "/v1/messages/batches"},
                                                 {"organization", "/v1/organizations"},  // rejected by this name
                                                 {"sessions", "/v1/sessions"},
                                                 {"skills", "/v1/skills"},
                                                 {"tunnels", "/v1/tunnels"},
                                                 {"user_profiles", "/v1/user_profiles"},
                                                 {"vaults", "/v1/vaults"},
                                             });
constexpr GuardedPath guarded[] = {{"/organizations", Access::refused}};
constexpr std::string_view roots[] = {"/v1/messages"};
// Callers' names for what writers drop (dropped.h); longer names come first.
constexpr OwnWord own_words[] = {
    {"reasoning.effort", "output_config.effort"},
    {"reasoning.summary", "thinking.display"},
    {"reasoning", "thinking"},
    {"max_output_tokens", "max_tokens"},
    {"stop", "stop_sequences"},
    {"user", "metadata.user_id"},
    {"response_format", "output_config.format"},
    {"parallel_tool_calls", "tool_choice.disable_parallel_tool_use"},
};

void write_count_question(std::string_view request_body, const TargetFacts&, std::string& out) {
  constexpr std::string_view members[] = {"model",       "messages", "system",       "tools",
                                          "tool_choice", "thinking", "output_config"};
  append_members(request_body, members, out);
}
std::string count_path(std::string_view) { return "/v1/messages/count_tokens"; }
void write_count(uint64_t tokens, std::string& out) {
  JsonWriter(out).object().member("input_tokens", tokens).end_object();
}
constexpr std::string_view count_endpoints[] = {"messages/count_tokens"};
constexpr CountRoom count_room = {.endpoints = count_endpoints,
                                  .member = "input_tokens",
                                  .write_question = write_count_question,
                                  .path = count_path,
                                  .write_answer = write_count};
constexpr std::string_view conversations[] = {"messages", "messages/count_tokens"};
constexpr std::string_view translated[] = {"messages"};
constexpr Operation operations[] = {{"messages", "chat"}};
constexpr std::string_view key_fields[] = {"x-api-key"};

constexpr RateLimitNames rate_limits{
    "anthropic-ratelimit-",
    {"anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining",
     "anthropic-ratelimit-requests-reset"},
    {"anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"},
    true};

constexpr auto frame_places = joined_places(usage_places, std::to_array<ScanEdge>({
                                                              {node::root, "message", node::inner_message},
                                                              {node::root, "delta", node::inner_delta},
                                                              {node::root, "content", node::inner_message},  // a body's
                                                              {node::inner_message, "model", node::model},
                                                              {node::inner_message, "usage", node::usage},
                                                              {node::inner_delta, "stop_reason", node::finish},
                                                          }));
constexpr ScanTree frames(frame_places);
constexpr ScanTree bodies(body_places<frame_places>);
constexpr std::string_view last_types[] = {"message_stop"};
constexpr std::string_view output_keys[] = {R"("text")", R"("thinking")", R"("partial_json")", R"("signature")"};
constexpr std::string_view output_types[] = {"tool_use", "_tool_result", "redacted_thinking"};
constexpr Places places{.frames = frames,
                        .bodies = bodies,
                        .words = {R"("usage")", R"("stop_reason")", R"("message_stop")", R"("error")"},
                        .output = {output_keys, output_types},
                        .last_types = last_types,
                        .sentinel = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
                        .reason_ends = true,
                        .cache_beside_input = true};

void write_model(const ListedModel& model, int64_t created_s, std::string& out) {
  JsonWriter json(out);
  const ModelFacts& facts = *model.facts;
  json.object().member("type", "model").member("id", model.id).key("display_name");
  facts.display_name.empty() ? json.value(model.id) : json.value(facts.display_name);
  json.member("created_at", rfc3339(facts.created_s != 0 ? facts.created_s : created_s));
  if (facts.context_window != 0) json.member("max_input_tokens", facts.context_window);
  if (facts.max_output_tokens != 0) json.member("max_tokens", facts.max_output_tokens);
  json.end_object();
}

void write_list_ending(std::span<const ListedModel> models, bool more, std::string& out) {
  std::optional<std::string_view> first, last;
  if (!models.empty()) {
    first = models.front().id;
    last = models.back().id;
  }
  JsonWriter(out += ',').member("has_more", more).member("first_id", first).member("last_id", last);
}

constexpr std::string_view model_lists[] = {"/v1/models", "/models"};

constexpr auto list_places = joined_places(std::to_array<ScanEdge>({
    {list_node::root, "data", list_node::entries},
    {list_node::root, "has_more", list_node::more},
    {list_node::root, "last_id", list_node::cursor},
    {list_node::entries, "id", list_node::id},
    {list_node::entries, "display_name", list_node::display_name},
    {list_node::entries, "max_input_tokens", list_node::context},
    {list_node::entries, "max_tokens", list_node::output},
    {list_node::entries, "capabilities", list_node::abilities},
    {list_node::abilities, "image_input", list_node::flag(Ability::vision)},
    {list_node::abilities, "thinking", list_node::flag(Ability::thinking)},
    {list_node::flag(Ability::vision), "supported", list_node::flag(Ability::vision)},
    {list_node::flag(Ability::thinking), "supported", list_node::flag(Ability::thinking)},
}));
constexpr ScanTree list_tree(list_places);
constexpr ListQuestion model_question{
    "/v1/models?limit=1000", "&after_id=", {"anthropic-version", "2023-06-01"}, list_tree};

constexpr KindWords types = {"invalid_request_error",
                             "authentication_error",
                             "permission_error",
                             "not_found_error",
                             "request_too_large",
                             "timeout_error",
                             "rate_limit_error",
                             "overloaded_error",
                             "invalid_request_error",
                             "api_error",
                             "timeout_error",
                             "api_error",
                             "api_error"};

void write_error(const Error& error, const ErrorFacts& facts, std::string& out) {
  JsonWriter json(out);
  json.object().member("type", "error").key("error").object();
  json.member("type", word_for(error.code, types)).member("message", error.message).end_object();
  std::optional<std::string_view> request_id;
  if (!facts.request_id.empty()) request_id = facts.request_id;
  json.member("request_id", request_id).end_object();
}

constexpr std::string_view error_schema =
    R"({"type":"object","required":["type","error"],"properties":{"type":{"const":"error"},"error":{"type":"object",)"
    R"("required":["type","message"],"properties":{"type":{"type":"string"},"message":{"type":"string"}}},)"
    R"("request_id":{"type":["string","null"]}}})";

}  // namespace

extern const DialectRoom room;
constinit const DialectRoom room{
    .id = own,
    .endpoints = EndpointTable(endpoints),
    .roots = roots,
    .subtrees = subtrees,
    .guarded = guarded,
    .operations = operations,
    .translated = translated,
    .own_field = "anthropic-version",
    .key_fields = key_fields,
    .rate_limits = rate_limits,
    .peek = {.max_output = {true, false, false}},
    .places = places,
    .heartbeat = "event: ping\ndata: {\"type\": \"ping\"}\n\n",
    .takes_event_ids = true,
    .models = {.opening = R"({"data":[)",
               .write = write_model,
               .write_ending = write_list_ending,
               .pages = {"limit", "after_id", "before_id"},
               .paths = {.lists = model_lists}},
    .model_question = model_question,
    .write_error = write_error,
    .names_events = true,
    .error_schema = error_schema,
    .translation = {.read_request = read_request,
                    .set_facts = set_facts,
                    .write_request = write_request,
                    .path = path,
                    .make_reader = make_reader,
                    .make_writer = make_writer,
                    .make_sent_state = make_sent_state,
                    .signs_thinking = true,
                    .write_provider_error = write_provider_error,
                    .counts = &count_room,
                    .words = own_words,
                    .conversations = conversations},
};

}  // namespace sluice::api::anthropic
