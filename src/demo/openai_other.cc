// The other OpenAI endpoints: embeddings, moderations, images, audio; and the rerank endpoint that several providers
// add.
#include <algorithm>
#include <unordered_set>

#include "demo/embedding.h"
#include "demo/endpoint.h"
#include "demo/multipart.h"

namespace sluice::demo {
namespace other {
namespace {

constexpr uint64_t max_images = 10;
constexpr size_t max_documents = 1000;

// A white PNG of one pixel, in base64.
constexpr std::string_view one_pixel_png =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";

// A text, a list of texts, or tokens (which count as one text: their JSON).
std::vector<std::string> texts_in(const Json& input) {
  if (input.is_string()) return {input.get<std::string>()};
  if (!input.is_array()) return {};
  if (!input.empty() && input.front().is_number()) return {dump(input)};
  std::vector<std::string> texts;
  for (const Json& one : input) texts.push_back(one.is_string() ? one.get<std::string>() : dump(one));
  return texts;
}

Result<DemoAnswer> embeddings(const DemoRequest&, const Json& body) {
  Result<std::string> model = required_model(body);
  if (!model) return tl::unexpected(model.error());
  const std::vector<std::string> texts = texts_in(member(body, "input"));
  if (texts.empty() || texts.size() > max_embeddings) {
    return fail(ErrorCode::bad_request, "`input` must hold 1 to " + std::to_string(max_embeddings) + " texts");
  }
  const uint64_t dimensions = count_member(body, "dimensions", default_dimensions);
  const bool base64 = string_member(body, "encoding_format") == "base64";
  Out data = Out::array();
  uint64_t words = 0;
  for (const std::string& text : texts) {
    const std::vector<float> values = embedding_of(text, dimensions);
    data.push_back({{"object", "embedding"},
                    {"index", data.size()},
                    {"embedding", base64 ? Out(base64_of(values)) : Out(values)}});
    words += Ask::count_words(text);
  }
  return json_answer({{"object", "list"},
                      {"data", data},
                      {"model", *model},
                      {"usage", {{"prompt_tokens", words}, {"total_tokens", words}}}});
}

// A text that contains "violence" is flagged for it; nothing else is ever flagged.
Result<DemoAnswer> moderations(const DemoRequest& request, const Json& body) {
  Out results = Out::array();
  for (const std::string& text : texts_in(member(body, "input"))) {
    const bool flagged = text.find("violence") != std::string::npos;
    Out categories = Out::object(), scores = Out::object();
    for (const char* name : {"harassment", "hate", "illicit", "self-harm", "sexual", "violence"}) {
      const bool is = flagged && std::string_view(name) == "violence";
      categories[name] = is;
      scores[name] = is ? 0.99 : 0.01;
    }
    results.push_back({{"flagged", flagged}, {"categories", categories}, {"category_scores", scores}});
  }
  const std::string_view model = string_member(body, "model");
  return json_answer({{"id", "modr-" + request.id}, {"model", model.empty() ? "demo" : model}, {"results", results}});
}

DemoAnswer images(const DemoRequest& request, uint64_t count, std::string_view format) {
  Out data = Out::array();
  for (uint64_t i = 0; i < std::clamp<uint64_t>(count, 1, max_images); ++i) {
    if (format == "url") {
      data.push_back({{"url", "data:image/png;base64," + std::string(one_pixel_png)}});
    } else {
      data.push_back({{"b64_json", one_pixel_png}});
    }
  }
  return json_answer({{"created", request.now_s}, {"data", data}});
}

Result<DemoAnswer> generate_images(const DemoRequest& request, const Json& body) {
  if (string_member(body, "prompt").empty()) return fail(ErrorCode::bad_request, "`prompt` must be a text");
  return images(request, count_member(body, "n", 1), string_member(body, "response_format"));
}

Result<DemoAnswer> change_images(const DemoRequest& request) {
  const Result<std::vector<FormPart>> form = parse_form(request.head.fields, request.body);
  if (!form) return tl::unexpected(form.error());
  const std::string_view count = value_in(*form, "n");
  const uint64_t n = !count.empty() && count.size() < 3 ? std::strtoull(std::string(count).c_str(), nullptr, 10) : 1;
  return images(request, n, value_in(*form, "response_format"));
}

// Reports what it was sent; it cannot hear.
Result<DemoAnswer> transcribe(const DemoRequest& request) {
  const Result<std::vector<FormPart>> form = parse_form(request.head.fields, request.body);
  if (!form) return tl::unexpected(form.error());
  const auto file = std::find_if(form->begin(), form->end(), [](const FormPart& part) { return part.name == "file"; });
  if (file == form->end()) return fail(ErrorCode::bad_request, "the form has no `file`");
  std::string text = "You sent: " + std::string(file->file_name) + ", " + std::to_string(file->value.size()) + " bytes";
  const std::string_view format = value_in(*form, "response_format");
  if (format == "text") return DemoAnswer{text + "\n", "text/plain; charset=utf-8", nullptr};
  if (format == "srt")
    return DemoAnswer{"1\n00:00:00,000 --> 00:00:01,000\n" + text + "\n\n", "text/plain; charset=utf-8", nullptr};
  if (format == "vtt")
    return DemoAnswer{"WEBVTT\n\n00:00.000 --> 00:01.000\n" + text + "\n\n", "text/plain; charset=utf-8", nullptr};
  if (format == "verbose_json") {
    return json_answer({{"task", "transcribe"},
                        {"language", "english"},
                        {"duration", 1.0},
                        {"text", text},
                        {"segments", Out::array()}});
  }
  return json_answer({{"text", text}});
}

// Silence as a WAV file (mono, 16 bit, 8 kHz), a tenth of a second per word, whatever format was requested.
Result<DemoAnswer> speak(const DemoRequest&, const Json& body) {
  const uint64_t words = Ask::count_words(string_member(body, "input"));
  if (words == 0) return fail(ErrorCode::bad_request, "`input` must be a text");
  const auto data_bytes = static_cast<uint32_t>(std::min<uint64_t>(words, 600) * 1600);
  const auto number = [](uint32_t value, unsigned bytes) {
    std::string out;
    for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
    return out;
  };
  std::string wav = "RIFF" + number(36 + data_bytes, 4) + "WAVEfmt " + number(16, 4) + number(1, 2) + number(1, 2) +
                    number(8000, 4) + number(16000, 4) + number(2, 2) + number(16, 2) + "data" + number(data_bytes, 4);
  wav.resize(wav.size() + data_bytes, '\0');
  return DemoAnswer{std::move(wav), "audio/wav", nullptr};
}

std::unordered_set<std::string_view> words_in(std::string_view text) {
  std::unordered_set<std::string_view> words;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(" \n\t\r", at);
    if (begin == text.npos) break;
    at = std::min(text.find_first_of(" \n\t\r", begin), text.size());
    words.insert(text.substr(begin, at - begin));
  }
  return words;
}

// The score is the share of the query's words that the document contains.
Result<DemoAnswer> rerank(const DemoRequest& request, const Json& body) {
  const std::string_view query = string_member(body, "query");
  const Json& documents = member(body, "documents");
  if (query.empty() || !documents.is_array() || documents.size() > max_documents) {
    return fail(ErrorCode::bad_request,
                "`query` must be a text and `documents` a list of at most " + std::to_string(max_documents));
  }
  const std::unordered_set<std::string_view> wanted = words_in(query);
  std::vector<std::pair<double, size_t>> ranking;
  uint64_t words = Ask::count_words(query);
  for (size_t i = 0; i < documents.size(); ++i) {
    const Json& document = documents[i];
    const std::string_view text = document.is_string() ? std::string_view(document.get_ref<const std::string&>())
                                                       : string_member(document, "text");
    const std::unordered_set<std::string_view> found = words_in(text);
    const auto shared =
        std::count_if(wanted.begin(), wanted.end(), [&](std::string_view word) { return found.contains(word); });
    ranking.emplace_back(wanted.empty() ? 0.0 : static_cast<double>(shared) / static_cast<double>(wanted.size()), i);
    words += Ask::count_words(text);
  }
  std::stable_sort(ranking.begin(), ranking.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  const uint64_t top = count_member(body, "top_n", ranking.size());
  Out results = Out::array();
  for (const auto& [score, index] : ranking) {
    if (results.size() >= top) break;
    Out result = {{"index", index}, {"relevance_score", score}};
    if (bool_member(body, "return_documents")) result["document"] = Out(documents[index]);
    results.push_back(std::move(result));
  }
  return json_answer({{"id", "rerank-" + request.id},
                      {"model", string_member(body, "model")},
                      {"results", results},
                      {"usage", {{"total_tokens", words}}}});
}

constexpr DemoEndpoint endpoints[] = {
    {http::Method::post, "/v1/embeddings", Dialect::openai, with_json<embeddings>},
    {http::Method::post, "/v1/moderations", Dialect::openai, with_json<moderations>},
    {http::Method::post, "/v1/images/generations", Dialect::openai, with_json<generate_images>},
    {http::Method::post, "/v1/images/edits", Dialect::openai, change_images},
    {http::Method::post, "/v1/images/variations", Dialect::openai, change_images},
    {http::Method::post, "/v1/audio/transcriptions", Dialect::openai, transcribe},
    {http::Method::post, "/v1/audio/translations", Dialect::openai, transcribe},
    {http::Method::post, "/v1/audio/speech", Dialect::openai, with_json<speak>},
    {http::Method::post, "/v1/rerank", Dialect::openai, with_json<rerank>},
};

}  // namespace
}  // namespace other

std::span<const DemoEndpoint> openai_other_endpoints() { return other::endpoints; }

}  // namespace sluice::demo
