// Gemini's generateContent and related endpoints.
#include "api/dialect.h"

#include "api/gemini/error_words.h"
#include "api/gemini/model_places.h"
#include "api/gemini/signature.h"
#include "api/gemini/translate.h"
#include "base/json_writer.h"

namespace sluice::api::gemini {
namespace {

using enum http::Method;
using enum ModelIn;
constexpr Dialect own = Dialect::gemini;

constexpr std::array endpoints = std::to_array<Endpoint>({
    {"generateContent", own, post, "/v1beta/models/{model}:generateContent", url},
    {"streamGenerateContent", own, post, "/v1beta/models/{model}:streamGenerateContent", url, false, true},
    {"embedContent", own, post, "/v1beta/models/{model}:embedContent", url},
    {"batchEmbedContents", own, post, "/v1beta/models/{model}:batchEmbedContents", url},
    {"batchGenerateContent", own, post, "/v1beta/models/{model}:batchGenerateContent", url},
    {"asyncBatchEmbedContent", own, post, "/v1beta/models/{model}:asyncBatchEmbedContent", url},
    {"countTokens", own, post, "/v1beta/models/{model}:countTokens", url, false, false, Yields::nothing},
    {"generateContent", own, post, "/v1/models/{model}:generateContent", url},
    {"streamGenerateContent", own, post, "/v1/models/{model}:streamGenerateContent", url, false, true},
    {"embedContent", own, post, "/v1/models/{model}:embedContent", url},
    {"batchEmbedContents", own, post, "/v1/models/{model}:batchEmbedContents", url},
    {"countTokens", own, post, "/v1/models/{model}:countTokens", url, false, false, Yields::nothing},
    {"batchGenerateContent", own, post, "/v1/models/{model}:batchGenerateContent", url},
    {"asyncBatchEmbedContent", own, post, "/v1/models/{model}:asyncBatchEmbedContent", url},
    {"predict", own, post, "/v1/models/{model}:predict", url, false, false, Yields::media},
    {"predictLongRunning", own, post, "/v1/models/{model}:predictLongRunning", url, false, false, Yields::media},
    {"models/operations", own, get, "/v1/models/{model}/operations/{id}", url, false, false, Yields::nothing},
    {"predict", own, post, "/v1beta/models/{model}:predict", url, false, false, Yields::media},
    {"predictLongRunning", own, post, "/v1beta/models/{model}:predictLongRunning", url, false, false, Yields::media},
    {"models/operations", own, get, "/v1beta/models/{model}/operations/{id}", url, false, false, Yields::nothing},
});
constexpr std::array subtrees = passing(own, {
                                                 {"agents", "/v1beta/agents"},
                                                 {"auth_tokens", "/v1beta/auth_tokens"},
                                                 {"batches", "/v1beta/batches"},
                                                 {"cachedContents", "/v1beta/cachedContents"},
                                                 {"corpora", "/v1beta/corpora"},
                                                 {"credentials", "/v1beta/credentials"},
                                                 {"decisions", "/v1beta/decisions"},
                                                 {"environments", "/v1beta/environments"},
                                                 {"files", "/v1beta/files"},
                                                 {"files", "/v1beta/files:register"},
                                                 {"fileSearchStores", "/v1beta/fileSearchStores"},
                                                 {"generatedFiles", "/v1beta/generatedFiles"},
                                                 {"interactions", "/v1beta/interactions"},
                                                 {"operations", "/v1beta/operations"},
                                                 {"triggers", "/v1beta/triggers"},
                                                 {"tunedModels", "/v1beta/tunedModels"},
                                                 {"voices", "/v1beta/voices"},
                                                 {"webhooks", "/v1beta/webhooks"},
                                                 {"agents", "/v1/agents"},
                                                 {"auth_tokens", "/v1/auth_tokens"},
                                                 {"batches", "/v1/batches"},
                                                 {"cachedContents", "/v1/cachedContents"},
                                                 {"corpora", "/v1/corpora"},
                                                 {"credentials", "/v1/credentials"},
                                                 {"decisions", "/v1/decisions"},
                                                 {"environments", "/v1/environments"},
                                                 {"files", "/v1/files"},
                                                 {"files", "/v1/files:register"},
                                                 {"fileSearchStores", "/v1/fileSearchStores"},
                                                 {"generatedFiles", "/v1/generatedFiles"},
                                                 {"interactions", "/v1/interactions"},
                                                 {"operations", "/v1/operations"},
                                                 {"triggers", "/v1/triggers"},
                                                 {"tunedModels", "/v1/tunedModels"},
                                                 {"voices", "/v1/voices"},
                                                 {"webhooks", "/v1/webhooks"},
                                                 {"files/download", "/download"},
                                                 {"files/upload", "/upload"},
                                                 {"v1alpha", "/v1alpha"},
                                             });
constexpr std::array guarded = std::to_array<GuardedPath>({
    {"/tunedmodels", Access::manage, del},
    {"/tunedmodels", Access::manage, patch},
});
constexpr std::string_view roots[] = {"/v1beta", "/v1alpha", "/upload", "/download"};
constexpr std::string_view verb_roots[] = {"/v1beta/models/", "/v1/models/"};
// Callers' names for what writers drop (dropped.h); longer names come first.
constexpr OwnWord own_words[] = {
    {"messages", "contents"},
    {"system", "systemInstruction"},
    {"content", "parts"},
    {"reasoning.summary", "generationConfig.thinkingConfig.includeThoughts"},
    {"reasoning.effort", "generationConfig.thinkingConfig.thinkingLevel"},
    {"reasoning", "generationConfig.thinkingConfig"},
    {"temperature", "generationConfig.temperature"},
    {"top_p", "generationConfig.topP"},
    {"top_k", "generationConfig.topK"},
    {"frequency_penalty", "generationConfig.frequencyPenalty"},
    {"presence_penalty", "generationConfig.presencePenalty"},
    {"seed", "generationConfig.seed"},
    {"max_tokens", "generationConfig.maxOutputTokens"},
    {"max_output_tokens", "generationConfig.maxOutputTokens"},
    {"stop", "generationConfig.stopSequences"},
    {"logprobs", "generationConfig.responseLogprobs"},
    {"top_logprobs", "generationConfig.logprobs"},
    {"response_format", "generationConfig.responseSchema"},
    {"tool_choice", "toolConfig"},
    {"service_tier", "serviceTier"},
};

// Wraps the request in generateContentRequest: only then does the API count tools and the system instruction.
void write_count_question(std::string_view request_body, const TargetFacts& facts, std::string& out) {
  std::string name = facts.model;
  if (!name.starts_with(model_prefix)) name.insert(0, model_prefix);
  JsonWriter(out).object().key("generateContentRequest").object().member("model", name);
  if (request_body.size() > 2) (out += ',') += request_body.substr(1, request_body.size() - 2);
  out += "}}";
}
std::string count_path(std::string_view model) {
  std::string path = target_path(model, false);
  return path.replace(path.rfind(':'), std::string::npos, ":countTokens");
}
void write_count(uint64_t tokens, std::string& out) {
  JsonWriter(out).object().member("totalTokens", tokens).end_object();
}
constexpr std::string_view count_endpoints[] = {"countTokens"};
constexpr CountRoom count_room = {.endpoints = count_endpoints,
                                  .member = "totalTokens",
                                  .write_question = write_count_question,
                                  .path = count_path,
                                  .write_answer = write_count};
constexpr std::string_view conversations[] = {"generateContent", "streamGenerateContent"};
constexpr std::string_view translated[] = {"generateContent", "streamGenerateContent"};
constexpr Operation operations[] = {{"embedContent", "embeddings"},
                                    {"batchEmbedContents", "embeddings"},
                                    {"generateContent", "generate_content"},
                                    {"streamGenerateContent", "generate_content"}};
constexpr std::string_view key_fields[] = {"x-goog-api-key"};
constexpr std::string_view account_fields[] = {"x-goog-user-project"};

constexpr std::array frame_places = std::to_array<ScanEdge>({
    {node::root, "modelVersion", node::model},
    {node::root, "error", node::error},
    {node::root, "usageMetadata", node::usage_metadata},
    {node::root, "candidates", node::candidates},
    {node::root, "promptFeedback", node::prompt_feedback},
    {node::candidates, "finishReason", node::finish},
    {node::candidates, "index", node::index},
    {node::prompt_feedback, "blockReason", node::blocked},
    {node::usage_metadata, "promptTokenCount", node::count(SentCounts::input)},
    {node::usage_metadata, "toolUsePromptTokenCount", node::count(SentCounts::tool_input)},
    {node::usage_metadata, "cachedContentTokenCount", node::count(SentCounts::cache_read)},
    {node::usage_metadata, "candidatesTokenCount", node::count(SentCounts::output)},
    {node::usage_metadata, "thoughtsTokenCount", node::count(SentCounts::reasoning)},
    {node::usage_metadata, "totalTokenCount", node::count(SentCounts::total)},
});
constexpr ScanTree frames(frame_places);
constexpr ScanTree bodies(body_places<frame_places>);
constexpr std::string_view output_keys[] = {R"("text")",     R"("functionCall")",   R"("inlineData")",
                                            R"("fileData")", R"("executableCode")", R"("codeExecutionResult")"};
constexpr Places places{.frames = frames,
                        .bodies = bodies,
                        .words = {R"("usageMetadata")", R"("finishReason")", R"("promptFeedback")", R"("error")"},
                        .output = {output_keys, {}},
                        .counts_may_fall = true,  // the last frame corrects the first
                        .reasoning_beside_output = true,
                        .streams_arrays = true};

void write_model(const ListedModel& model, int64_t, std::string& out) {
  const ModelFacts& facts = *model.facts;
  const bool may_embed = facts.abilities == 0 || facts.can(Ability::embedding);
  const bool may_answer = !may_embed || facts.abilities == 0 || facts.can(Ability::completion);
  JsonWriter json(out);
  json.object().member("name", std::string(model_prefix) + std::string(model.id)).member("version", "001");
  json.key("displayName");
  facts.display_name.empty() ? json.value(model.id) : json.value(facts.display_name);
  if (facts.context_window != 0) json.member("inputTokenLimit", facts.context_window);
  if (facts.max_output_tokens != 0) json.member("outputTokenLimit", facts.max_output_tokens);
  json.key("supportedGenerationMethods").array();
  if (may_answer) json.value("generateContent").value("streamGenerateContent").value("countTokens");
  if (may_embed) json.value("embedContent");
  json.end_array();
  if (facts.can(Ability::thinking)) json.member("thinking", true);
  json.end_object();
}

// The token of the next page is the last model's name on this page.
void write_list_ending(std::span<const ListedModel> models, bool more, std::string& out) {
  if (more && !models.empty()) JsonWriter(out += ',').member("nextPageToken", models.back().id);
}

constexpr std::string_view model_lists[] = {"/v1beta/models", "/v1/models"};

constexpr auto list_places = joined_places(std::to_array<ScanEdge>({
    {list_node::root, "models", list_node::entries},
    {list_node::root, "nextPageToken", list_node::cursor},
    {list_node::entries, "name", list_node::id},
    {list_node::entries, "displayName", list_node::display_name},
    {list_node::entries, "inputTokenLimit", list_node::context},
    {list_node::entries, "outputTokenLimit", list_node::output},
    {list_node::entries, "supportedGenerationMethods", list_node::abilities},
    {list_node::entries, "thinking", list_node::flag(Ability::thinking)},
    // The scanner enters a list of words only if an edge leads below it.
    {list_node::abilities, "thinking", list_node::flag(Ability::thinking)},
}));
constexpr ScanTree list_tree(list_places);
constexpr ListQuestion model_question{"/v1beta/models?pageSize=1000", "&pageToken=", {}, list_tree};

// Words of google.rpc.Code.
constexpr KindWords statuses = {"INVALID_ARGUMENT", "UNAUTHENTICATED",   "PERMISSION_DENIED",  "NOT_FOUND",
                                "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE",
                                "UNIMPLEMENTED",    "CANCELLED",         "DEADLINE_EXCEEDED",  "UNAVAILABLE",
                                "INTERNAL"};

void write_error_body(const ProviderError& error, std::string_view, std::string& out) {
  write_provider_error(error, out);
}

void write_error(const Error& error, const ErrorFacts& facts, std::string& out) {
  JsonWriter json(out);
  json.object().key("error").object().member("code", http_status(error.code)).member("message", error.message);
  json.member("status", word_for(error.code, statuses));
  if (facts.retry_after_s != 0) {
    json.key("details").array().object().member("@type", "type.googleapis.com/google.rpc.RetryInfo");
    json.member("retryDelay", std::to_string(facts.retry_after_s) + "s").end_object().end_array();
  }
  json.end_object().end_object();
}

constexpr std::string_view error_schema =
    R"({"type":"object","required":["error"],"properties":{"error":{"type":"object",)"
    R"("required":["code","message","status"],"properties":{"code":{"type":"integer"},"message":{"type":"string"},)"
    R"("status":{"type":"string"}}}}})";

}  // namespace

extern const DialectRoom room;
constinit const DialectRoom room{
    .id = own,
    .endpoints = EndpointTable(endpoints),
    .roots = roots,
    .subtrees = subtrees,
    .guarded = guarded,
    .verb_roots = verb_roots,
    .operations = operations,
    .translated = translated,
    .own_field = "x-goog-api-key",
    .key_fields = key_fields,
    .account_fields = account_fields,
    .key_parameter = "key",
    .address_field = "x-goog-upload-url",
    .model_prefix = model_prefix,
    .rename_models = rename_models,
    .places = places,
    .heartbeat = "\n",
    .models = {.opening = R"({"models":[)",
               .write = write_model,
               .write_ending = write_list_ending,
               .pages = {"pageSize", "pageToken", {}},
               .paths = {.lists = model_lists, .no_single = "/operations/"}},
    .model_question = model_question,
    .write_error = write_error,
    .error_schema = error_schema,
    .translation = {.read_request = read_request,
                    .set_facts = set_facts,
                    .write_request = write_request,
                    .path = target_path,
                    .make_reader = make_reader,
                    .make_writer = make_writer,
                    .write_provider_error = write_error_body,
                    .overloaded_status = 503,  // google.rpc.Code has no other
                    .counts = &count_room,
                    .embeddings = &embedding_room,
                    .words = own_words,
                    .conversations = conversations,
                    .wrapped = wrapped_beginning},
};

}  // namespace sluice::api::gemini
