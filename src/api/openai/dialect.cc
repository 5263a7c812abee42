// OpenAI's API but for responses, and what its many imitators add: chat, completions, embeddings, images, audio,
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
});
constexpr std::string_view translated[] = {"chat/completions", "completions"};
constexpr Operation operations[] = {{"chat/completions", "chat"}, {"completions", "text_completion"}};
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
// Of streams that are no chat: speech, transcripts, images.
constexpr std::string_view last_types[] = {".done", ".completed"};
constexpr Places places{.frames = frames,
                        .bodies = bodies,
                        .words = {R"("usage")", R"("finish_reason")", R"("error")", R"("usage")"},
                        .last_types = last_types,
                        .usage_has_own_frame = true};

}  // namespace

extern const DialectRoom room;
constinit const DialectRoom room{
    .id = own,
    .endpoints = EndpointTable(endpoints),
    .version_optional = true,
    .operations = operations,
    .translated = translated,
    .key_fields = key_fields,
    .places = places,
    .write_error = write_plain_error,
    .error_schema = plain_error_schema,
    .translation = {.read_request = read_request,
                    .write_request = write_request,
                    .path = path,
                    .make_reader = make_reader,
                    .make_writer = make_writer},
};

}  // namespace sluice::api::openai
