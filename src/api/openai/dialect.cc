// OpenAI's API except for responses, and what its many imitators add: chat, completions, embeddings, images, audio,
// rerank.
#include "api/dialect.h"

#include "api/openai/translate.h"

namespace sluice::api::openai {
namespace {

using enum http::Method;
using enum ModelIn;
constexpr Dialect own = Dialect::openai;

constexpr std::array endpoints = std::to_array<Endpoint>({
    {"chat/completions", own, post, "/v1/chat/completions", json_body, true, true},
    {"embeddings", own, post, "/v1/embeddings", json_body},
    {"completions", own, post, "/v1/completions", json_body, true, true},
    {"moderations", own, post, "/v1/moderations", json_body},
    {"images/generations", own, post, "/v1/images/generations", json_body, false, true, Yields::media},
    {"images/edits", own, post, "/v1/images/edits", multipart_body, false, true, Yields::media},
    {"images/variations", own, post, "/v1/images/variations", multipart_body, false, false, Yields::media},
    {"audio/transcriptions", own, post, "/v1/audio/transcriptions", multipart_body, false, true},
    {"audio/translations", own, post, "/v1/audio/translations", multipart_body},
    {"audio/speech", own, post, "/v1/audio/speech", json_body, false, true, Yields::media},
    {"rerank", own, post, "/v1/rerank", json_body},
    {.name = "videos",
     .dialect = own,
     .method = post,
     .pattern = "/v1/videos",
     .model_in = multipart_body,
     .yields = Yields::media,
     .makes = true},
    // Some providers' additions.
    {"rerank", own, post, "/v1/reranking", json_body},
    {"fim/completions", own, post, "/v1/fim/completions", json_body, false, true},
    {.name = "rerank",
     .dialect = own,
     .method = post,
     .pattern = "/v2/rerank",
     .model_in = json_body,
     .beside_version = true},
    {.name = "infill",
     .dialect = own,
     .method = post,
     .pattern = "/infill",
     .model_in = json_body,
     .streams = true,
     .beside_version = true},
    {.name = "tokenize",
     .dialect = own,
     .method = post,
     .pattern = "/tokenize",
     .model_in = json_body,
     .yields = Yields::nothing,
     .beside_version = true},
    {.name = "detokenize",
     .dialect = own,
     .method = post,
     .pattern = "/detokenize",
     .model_in = json_body,
     .yields = Yields::nothing,
     .beside_version = true},
    {.name = "props", .dialect = own, .method = get, .pattern = "/props", .model_in = nowhere, .beside_version = true},
    {.name = "props",
     .dialect = own,
     .method = post,
     .pattern = "/props",
     .model_in = nowhere,
     .yields = Yields::nothing,
     .beside_version = true},
    {.name = "models/delete",
     .dialect = own,
     .method = del,
     .pattern = "/v1/models/{model}",
     .model_in = url,
     .yields = Yields::nothing},
});
constexpr std::array subtrees = passing(own, {
                                                 {"agents", "/v1/agents"},
                                                 {"assistants", "/v1/assistants"},
                                                 {"audio/voice_consents", "/v1/audio/voice_consents"},
                                                 {"audio/voices", "/v1/audio/voices"},
                                                 {"batches", "/v1/batches"},
                                                 {"chat/completions/stored", "/v1/chat/completions"},
                                                 {"chatkit", "/v1/chatkit"},
                                                 {"containers", "/v1/containers"},
                                                 {"content_provenance_checks", "/v1/content_provenance_checks"},
                                                 {"conversations", "/v1/conversations"},
                                                 {"decisions", "/v1/decisions"},
                                                 {"evals", "/v1/evals"},
                                                 {"files", "/v1/files"},
                                                 {"fine_tuning", "/v1/fine_tuning"},
                                                 {"live", "/v1/live"},
                                                 {"organization", "/v1/organization"},  // listed, to be rejected
                                                 {"organization", "/v1/projects"},
                                                 {"realtime", "/v1/realtime"},
                                                 {"safety", "/v1/safety"},
                                                 {"skills", "/v1/skills"},
                                                 {"threads", "/v1/threads"},
                                                 {"uploads", "/v1/uploads"},
                                                 {"vaults", "/v1/vaults"},
                                                 {"vector_stores", "/v1/vector_stores"},
                                                 {"videos", "/v1/videos"},
                                                 {"webhooks", "/v1/webhook_endpoints"},
                                                 {"webhooks", "/v1/webhook_event_types"},
                                             });
constexpr std::array guarded = std::to_array<GuardedPath>({
    {"/organization", Access::refused},
    {"/projects", Access::refused},
    {"/models", Access::manage, del},
    {"/models/load", Access::manage},  // this and the next three are llama.cpp's, the last two vLLM's
    {"/models/unload", Access::manage},
    {"/props", Access::manage, post},
    {"/lora-adapters", Access::manage, post},
    {"/load_lora_adapter", Access::manage},
    {"/unload_lora_adapter", Access::manage},
});
// From Azure's base URLs, and from Gemini's for programs that speak this dialect.
constexpr std::string_view prefixes[] = {"/openai/v1", "/v1beta/openai", "/openai/deployments/{}", "/openai"};
// This dialect's names for what writers drop (dropped.h); the longer ones first.
constexpr OwnWord own_words[] = {
    {"reasoning.effort", "reasoning_effort"},
    {"reasoning", "reasoning_effort"},
    {"max_output_tokens", "max_tokens"},
    {"repeat_penalty", "repetition_penalty"},
};

constexpr std::string_view conversations[] = {"chat/completions"};
constexpr std::string_view translated[] = {"chat/completions", "completions"};
constexpr Operation operations[] = {{"chat/completions", "chat"}, {"completions", "text_completion"}};
constexpr std::string_view account_fields[] = {"openai-organization", "openai-project"};
constexpr std::string_view key_fields[] = {"authorization", "api-key"};  // the second is Azure's

constexpr auto frame_places = joined_places(
    usage_places, std::to_array<ScanEdge>({
                      {node::root, "choices", node::choices},
                      {node::root, "x_groq", node::groq},
                      {node::root, "meta", node::meta},  // cohere's rerank and embeddings
                      {node::groq, "usage", node::usage},
                      {node::meta, "billed_units", node::usage},
                      {node::meta, "tokens", node::usage},
                      {node::choices, "finish_reason", node::finish},
                      {node::choices, "index", node::index},
                      {node::choices, "usage", node::usage},                                    // moonshot's streams
                      {node::usage, "cached_tokens", node::count(SentCounts::cache_read)},      // moonshot, together
                      {node::usage, "num_cached_tokens", node::count(SentCounts::cache_read)},  // mistral
                      {node::usage, "prompt_cache_hit_tokens", node::count(SentCounts::cache_read)},  // deepseek
                      {node::usage, "reasoning_tokens", node::count(SentCounts::reasoning)},          // perplexity
                      {node::usage, "billed_units", node::usage},                                     // cohere's chat
                      {node::usage, "tokens", node::usage},
                  }));
constexpr ScanTree frames(frame_places);
constexpr ScanTree bodies(body_places<frame_places>);
// Of streams other than chat: speech, transcripts, images.
constexpr std::string_view last_types[] = {".done", ".completed"};
constexpr std::string_view output_keys[] = {
    R"("content")",    R"("reasoning_content")", R"("reasoning")", R"("reasoning_details")",
    R"("tool_calls")", R"("function_call")",     R"("refusal")",   R"("text")",
    R"("audio")",      R"("b64_json")"};
constexpr std::string_view output_types[] = {".delta", "partial_image"};  // of streams other than chat
constexpr Places places{.frames = frames,
                        .bodies = bodies,
                        .words = {R"("usage")", R"("finish_reason")", R"("error")", R"("usage")"},
                        .output = {output_keys, output_types},
                        .last_types = last_types,
                        .sentinel = "data: [DONE]\n\n",
                        .usage_has_own_frame = true};

constexpr std::string_view model_lists[] = {"/v1/models", "/models"};

}  // namespace

extern const DialectRoom room;
constinit const DialectRoom room{
    .id = own,
    .endpoints = EndpointTable(endpoints),
    .version_optional = true,
    .subtrees = subtrees,
    .guarded = guarded,
    .prefixes = prefixes,
    .operations = operations,
    .translated = translated,
    .key_fields = key_fields,
    .account_fields = account_fields,
    .peek = {.max_output = {true, true, false}},
    .places = places,
    .heartbeat = ": keep-alive\n",
    .takes_event_ids = true,
    .models = {.opening = plain_model_shape.opening, .write = write_plain_model, .paths = {.lists = model_lists}},
    .write_error = write_plain_error,
    .error_schema = plain_error_schema,
    .translation = {.read_request = read_request,
                    .set_facts = set_facts,
                    .write_request = write_request,
                    .path = path,
                    .make_reader = make_reader,
                    .make_writer = make_writer,
                    .make_sent_state = make_sent_state,
                    .write_provider_error = write_plain_provider_error,
                    .embeddings = &embedding_room,
                    .words = own_words,
                    .conversations = conversations},
};

}  // namespace sluice::api::openai
