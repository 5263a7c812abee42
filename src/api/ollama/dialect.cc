// Ollama's API.
#include "api/dialect.h"

#include "api/ollama/translate.h"
#include "base/json_writer.h"
#include "base/time_text.h"

namespace sluice::api::ollama {
namespace {

using enum http::Method;
using enum ModelIn;

constexpr std::array endpoints = std::to_array<Endpoint>({
    {"ollama/chat", own, post, "/api/chat", json_body, false, true},
    {"ollama/generate", own, post, "/api/generate", json_body, false, true},
    {"ollama/embed", own, post, "/api/embed", json_body},
    {"ollama/embeddings", own, post, "/api/embeddings", json_body},
});
constexpr std::array subtrees = passing(own, {
                                                 {"ollama/blobs", "/api/blobs"},
                                                 {"ollama/copy", "/api/copy"},
                                                 {"ollama/create", "/api/create"},
                                                 {"ollama/delete", "/api/delete"},
                                                 {"ollama/pull", "/api/pull"},
                                                 {"ollama/push", "/api/push"},
                                                 {"ollama/web", "/api/web_fetch"},
                                                 {"ollama/web", "/api/web_search"},
                                             });
constexpr std::array guarded = std::to_array<GuardedPath>({
    {"/api/blobs", Access::manage},
    {"/api/copy", Access::manage},
    {"/api/create", Access::manage},
    {"/api/delete", Access::manage},
    {"/api/pull", Access::manage},
    {"/api/push", Access::manage},
    {"/api/signout", Access::manage},
    {"/api/user", Access::manage},
});
constexpr std::string_view roots[] = {"/api"};
// Callers' names for what writers drop (dropped.h); longer names come first.
constexpr OwnWord own_words[] = {
    {"reasoning.effort", "think"},
    {"reasoning", "think"},
    {"max_tokens", "options.num_predict"},
    {"max_output_tokens", "options.num_predict"},
    {"response_format", "format"},
    {"temperature", "options.temperature"},
    {"top_p", "options.top_p"},
    {"top_k", "options.top_k"},
    {"min_p", "options.min_p"},
    {"repeat_penalty", "options.repeat_penalty"},
    {"presence_penalty", "options.presence_penalty"},
    {"frequency_penalty", "options.frequency_penalty"},
    {"seed", "options.seed"},
    {"stop", "options.stop"},
};

constexpr std::string_view translated[] = {"ollama/chat", "ollama/generate"};
constexpr Operation operations[] = {{"ollama/chat", "chat"},
                                    {"ollama/generate", "text_completion"},
                                    {"ollama/embed", "embeddings"},
                                    {"ollama/embeddings", "embeddings"}};

constexpr std::array frame_places = std::to_array<ScanEdge>({
    {node::root, "model", node::model},
    {node::root, "error", node::error},
    {node::root, "done", node::done},
    {node::root, "done_reason", node::finish},
    {node::root, "prompt_eval_count", node::count(SentCounts::input)},
    {node::root, "eval_count", node::count(SentCounts::output)},
});
constexpr ScanTree frames(frame_places);
constexpr std::string_view output_keys[] = {R"("content")", R"("thinking")", R"("response")", R"("tool_calls")"};
constexpr Places places{.frames = frames,
                        .bodies = frames,
                        .words = {R"("done")", R"("error")", R"("done")", R"("done")"},
                        .output = {output_keys, {}},
                        .streams_lines = true};

constexpr std::string_view details =
    R"({"parent_model":"","format":"","family":"","families":null,"parameter_size":"","quantization_level":""})";

void write_model(const ListedModel& model, int64_t created_s, std::string& out) {
  JsonWriter json(out);
  json.object().member("name", model.id).member("model", model.id);
  json.member("modified_at", rfc3339(model.facts->created_s != 0 ? model.facts->created_s : created_s));
  json.member("size", 0).member("digest", "").key("details").raw(details).end_object();
}

std::string chat_path(std::string_view, bool) { return "/api/chat"; }

// The body of /api/show.
void write_shown_model(const ListedModel& model, int64_t created_s, std::string& out) {
  ModelFacts facts = *model.facts;
  // Programs do not use abilities that are not listed, and providers other than Ollama list fewer.
  if (!facts.can(Ability::completion) && !facts.can(Ability::embedding) && !facts.can(Ability::tools)) {
    facts.add(Ability::completion);
    facts.add(Ability::tools);
  }
  JsonWriter json(out);
  json.object().member("modelfile", "").member("parameters", "").member("template", "").key("details").raw(details);
  json.key("model_info").object();
  if (facts.context_window != 0) {  // programs look for it under the architecture's name
    json.member("general.architecture", "model").member("model.context_length", facts.context_window);
  }
  json.end_object();
  append_abilities(out += R"(,"capabilities":)", facts);
  JsonWriter(out += ',').member("modified_at", rfc3339(facts.created_s != 0 ? facts.created_s : created_s));
  out += '}';
}

constexpr std::string_view model_lists[] = {"/api/tags"};
// Only the provider knows which models are loaded, and that changes faster than its list is fetched. The version tells
// programs whether they can use this API.
constexpr ModelPaths::Fixed fixed_pages[] = {{"/api/ps", R"({"models":[]})"},
                                             {"/api/version", R"({"version":"0.12.0"})"}};

constexpr auto list_places = joined_places(std::to_array<ScanEdge>({
    {list_node::root, "models", list_node::entries},
    {list_node::entries, "name", list_node::id},
    {list_node::entries, "capabilities", list_node::abilities},
    {list_node::entries, "details", list_node::inner},
    {list_node::inner, "context_length", list_node::context},
    // The scanner enters a list of words only if an edge leads below it.
    {list_node::abilities, "thinking", list_node::flag(Ability::thinking)},
}));
constexpr ScanTree list_tree(list_places);
constexpr ListQuestion model_question{"/api/tags", {}, {}, list_tree};

void write_error(const Error& error, const ErrorFacts&, std::string& out) {
  JsonWriter(out).object().member("error", error.message).end_object();
}

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
    .peek = {.streams_unasked = true, .takes_name = true},
    .places = places,
    .heartbeat = " ",
    .models =
        {.opening = R"({"models":[)",
         .write = write_model,
         .write_alone = write_shown_model,
         .paths = {.lists = model_lists, .has_single = false, .single_by_body = "/api/show", .fixed = fixed_pages}},
    .model_question = model_question,
    .write_error = write_error,
    .error_schema = R"({"type":"object","required":["error"],"properties":{"error":{"type":"string"}}})",
    .translation = {.read_request = read_request,
                    .set_facts = set_facts,
                    .write_request = write_request,
                    .path = chat_path,
                    .make_reader = make_reader,
                    .make_writer = make_writer,
                    .write_provider_error = write_provider_error,
                    .embeddings = &embedding_room,
                    .words = own_words},
};

}  // namespace sluice::api::ollama
