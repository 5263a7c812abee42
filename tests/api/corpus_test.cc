// AnswerTap against every recorded answer, cut at random, compared with a full parse.
#include "corpus.h"

#include <catch2/catch.hpp>
#include <random>

#include "api/answer_tap.h"
#include "api/request_peek.h"

namespace sluice::api {
namespace {

using nlohmann::json;
using test::Exchange;

// Usage read from full documents, mapped as in translation.md.
struct Expected {
  Usage usage;
  std::string model;
  int end_marks = 0;

  static void set(std::optional<uint64_t>& count, const json& object, const char* key) {
    if (object.is_object() && object.contains(key) && object[key].is_number_unsigned())
      count = object[key].get<uint64_t>();
  }
  void read_openai(const json& usage_json) {
    if (!usage_json.is_object()) return;
    std::optional<uint64_t> input, cached, written;
    for (const char* key : {"prompt_tokens", "input_tokens"}) set(input, usage_json, key);
    for (const char* key : {"completion_tokens", "output_tokens"}) set(usage.output, usage_json, key);
    for (const char* key : {"cached_tokens", "num_cached_tokens", "prompt_cache_hit_tokens"})
      set(cached, usage_json, key);
    for (const char* key : {"prompt_tokens_details", "input_tokens_details"}) {
      if (!usage_json.contains(key)) continue;
      set(cached, usage_json[key], "cached_tokens");
      set(written, usage_json[key], "cache_write_tokens");
    }
    for (const char* key : {"completion_tokens_details", "output_tokens_details"}) {
      if (usage_json.contains(key)) set(usage.reasoning, usage_json[key], "reasoning_tokens");
    }
    // One recorded answer reports the same 2161 tokens both as read from and as written to the cache, out of 2168.
    const bool twice = input && cached.value_or(0) + written.value_or(0) > *input;
    if (input) usage.input_uncached = *input - cached.value_or(0) - (twice ? 0 : written.value_or(0));
    if (cached) usage.cache_read = cached;
    if (written) usage.cache_write = written;
  }
  void read_anthropic(const json& usage_json) {
    if (!usage_json.is_object()) return;
    set(usage.input_uncached, usage_json, "input_tokens");
    set(usage.cache_read, usage_json, "cache_read_input_tokens");
    set(usage.cache_write, usage_json, "cache_creation_input_tokens");
    set(usage.output, usage_json, "output_tokens");
    if (usage_json.contains("output_tokens_details")) {
      set(usage.reasoning, usage_json["output_tokens_details"], "thinking_tokens");
    }
  }
  std::optional<uint64_t> gemini_prompt, gemini_tools, gemini_candidates;
  void read_gemini(const json& usage_json) {
    if (!usage_json.is_object()) return;
    set(gemini_prompt, usage_json, "promptTokenCount");
    set(gemini_tools, usage_json, "toolUsePromptTokenCount");
    set(gemini_candidates, usage_json, "candidatesTokenCount");
    set(usage.cache_read, usage_json, "cachedContentTokenCount");
    set(usage.reasoning, usage_json, "thoughtsTokenCount");
    if (gemini_prompt || gemini_tools) {
      usage.input_uncached = gemini_prompt.value_or(0) + gemini_tools.value_or(0) - usage.cache_read.value_or(0);
    }
    if (gemini_candidates || usage.reasoning) {
      usage.output = gemini_candidates.value_or(0) + usage.reasoning.value_or(0);
    }
  }
  void read_model(const json& object, const char* key) {
    if (model.empty() && object.is_object() && object.contains(key) && object[key].is_string()) model = object[key];
  }

  void read(Dialect dialect, const json& text) {
    if (text.is_array()) {
      for (const json& element : text) read(dialect, element);
      return;
    }
    if (!text.is_object()) return;
    static const json nothing;
    auto at = [&](const json& object, const char* key) -> const json& {
      return object.is_object() && object.contains(key) ? object[key] : nothing;
    };
    switch (dialect) {
      case Dialect::openai:
        read_openai(at(at(text, "x_groq"), "usage"));
        read_openai(at(text, "usage"));
        read_model(text, "model");
        break;
      case Dialect::responses:
        read_openai(at(text, "usage"));
        read_openai(at(at(text, "response"), "usage"));
        read_model(text, "model");
        read_model(at(text, "response"), "model");
        break;
      case Dialect::anthropic:
        read_anthropic(at(text, "usage"));
        read_anthropic(at(at(text, "message"), "usage"));
        read_model(text, "model");
        read_model(at(text, "message"), "model");
        break;
      case Dialect::gemini:
        read_gemini(at(text, "usageMetadata"));
        read_model(text, "modelVersion");
        break;
      case Dialect::ollama:
        break;
    }
  }
};

struct Frame {
  std::string bytes;  // including its blank line
  json data;          // null if there is none
};

// A stream's frames, split naively: recorded streams end their lines with LF or CRLF.
std::vector<Frame> frames_of(const std::string& body) {
  std::vector<Frame> frames(1);
  size_t at = 0;
  while (at < body.size()) {
    const size_t end = std::min(body.find('\n', at), body.size() - 1) + 1;
    std::string line = body.substr(at, end - at);
    frames.back().bytes += line;
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    if (line.starts_with("data:")) frames.back().data = json::parse(line.substr(5), nullptr, false);
    if (line.empty()) frames.emplace_back();
    at = end;
  }
  return frames;
}

struct Outcome {
  std::string bytes;
  Usage usage;
  std::string model;
  bool whole = false;
};

// Each piece is copied into memory of its exact size, so that a sanitizer catches reads past its end.
Outcome run(const Exchange& exchange, std::string_view type, bool hide, std::mt19937& random, size_t longest) {
  AnswerTap tap(exchange.dialect, media_type_of(type), hide);
  Outcome outcome;
  std::vector<std::string_view> pieces;
  auto collect = [&] {
    for (const auto piece : pieces) outcome.bytes += piece;
    pieces.clear();
  };
  for (size_t at = 0; at < exchange.body.size();) {
    const size_t size = std::min<size_t>(1 + random() % longest, exchange.body.size() - at);
    const std::vector<char> bytes(exchange.body.begin() + static_cast<std::ptrdiff_t>(at),
                                  exchange.body.begin() + static_cast<std::ptrdiff_t>(at + size));
    tap.feed({bytes.data(), bytes.size()}, pieces);
    collect();
    at += size;
  }
  tap.finish(pieces);
  collect();
  outcome.usage = tap.usage();
  outcome.model = tap.model();
  outcome.whole = tap.whole();
  return outcome;
}

constexpr size_t cuts[] = {1, 3, 8, 31, 200, 1500, 16384, 1 << 24};

}  // namespace

TEST_CASE("usage, model and end of every recorded body that is no stream") {
  std::mt19937 random(1);
  int bodies = 0, with_usage = 0, with_model = 0;
  for (const Exchange& exchange : test::corpus()) {
    if (exchange.stream || exchange.body.empty()) continue;
    INFO(exchange.name);
    Expected expected;
    expected.read(exchange.dialect, json::parse(exchange.body));
    for (const size_t longest : cuts) {
      const Outcome outcome = run(exchange, "application/json; charset=utf-8", false, random, longest);
      REQUIRE(outcome.bytes == exchange.body);
      REQUIRE(outcome.usage == expected.usage);
      REQUIRE(outcome.model == expected.model);
      REQUIRE(outcome.whole);
    }
    ++bodies;
    with_usage += expected.usage.any();
    with_model += !expected.model.empty();
  }
  std::cout << "corpus: " << bodies << " bodies, " << with_usage << " with usage, " << with_model << " with a model\n";
  CHECK((bodies == 0 || with_usage > bodies / 2));
}

TEST_CASE("a recorded body that is cut is never whole") {
  std::mt19937 random(2);
  for (const Exchange& exchange : test::corpus()) {
    if (exchange.stream || exchange.body.empty()) continue;
    INFO(exchange.name);
    AnswerTap tap(exchange.dialect, MediaType::json, false);
    std::vector<std::string_view> pieces;
    const size_t end = exchange.body.find_last_of("}]");
    tap.feed(std::string_view(exchange.body).substr(0, random() % (end + 1)), pieces);
    tap.finish(pieces);
    REQUIRE_FALSE(tap.whole());
  }
}

TEST_CASE("usage, model and end of every recorded stream") {
  std::mt19937 random(3);
  int streams = 0, with_usage = 0, with_model = 0, hidden = 0, arrays = 0, whole = 0;
  for (const Exchange& exchange : test::corpus()) {
    if (!exchange.stream || exchange.body.empty()) continue;
    INFO(exchange.name);
    const bool array = exchange.body.front() == '[';
    Expected expected;
    std::string without_usage_chunk;
    bool ends = array;
    if (array) {
      expected.read(exchange.dialect, json::parse(exchange.body));
      without_usage_chunk = exchange.body;
    } else {
      for (const Frame& frame : frames_of(exchange.body)) {
        expected.read(exchange.dialect, frame.data);
        const bool usage_chunk = exchange.dialect == Dialect::openai && frame.data.is_object() &&
                                 frame.data.contains("usage") && frame.data["usage"].is_object() &&
                                 frame.data.contains("choices") && frame.data["choices"].empty() &&
                                 !frame.data.contains("sla_metrics");  // one provider's own field
        if (!usage_chunk) without_usage_chunk += frame.bytes;
        hidden += usage_chunk;
      }
      for (const char* mark : {"[DONE]", "\"finish_reason\":\"", "message_stop", "response.completed",
                               "response.incomplete", "\"finishReason\": \""}) {
        ends = ends || exchange.body.find(mark) != std::string::npos;
      }
    }
    const std::string_view type = array ? "application/json; charset=UTF-8" : "text/event-stream; charset=utf-8";
    for (const size_t longest : cuts) {
      const Outcome plain = run(exchange, type, false, random, longest);
      REQUIRE(plain.bytes == exchange.body);
      REQUIRE(plain.usage == expected.usage);
      REQUIRE(plain.model == expected.model);
      REQUIRE(plain.whole == ends);
      const Outcome hiding = run(exchange, type, true, random, longest);
      REQUIRE(hiding.bytes == without_usage_chunk);
      REQUIRE(hiding.usage == expected.usage);
    }
    ++streams;
    arrays += array;
    with_usage += expected.usage.any();
    with_model += !expected.model.empty();
    whole += ends;
  }
  std::cout << "corpus: " << streams << " streams (" << arrays << " arrays), " << with_usage << " with usage, "
            << with_model << " with a model, " << whole << " whole, " << hidden << " usage chunks hidden\n";
  CHECK((streams == 0 || (with_usage > streams / 2 && hidden > 0 && arrays > 0)));
}

TEST_CASE("every recorded request is peeked as a full parse sees it, and edited to what was meant") {
  int requests = 0;
  for (const Exchange& exchange : test::corpus()) {
    if (!exchange.request.is_object()) continue;
    INFO(exchange.name);
    std::string body = exchange.request.dump();
    const size_t size = body.size();
    body.append(64, '\0');
    const std::string_view text = std::string_view(body).substr(0, size);
    const Result<Peek> peek = peek_request(text, exchange.dialect);
    REQUIRE(peek);
    json wanted = exchange.request;
    CHECK(peek->model == wanted.value("model", ""));
    CHECK(peek->stream == wanted.value("stream", false));
    const auto edits = edits_for(*peek, "another/\"model\"", true);
    std::vector<std::string_view> pieces;
    apply(text, edits, pieces);
    std::string edited;
    for (const auto piece : pieces) edited += piece;
    CHECK(edited.size() == size_after(text, edits));
    if (wanted.contains("model")) wanted["model"] = "another/\"model\"";
    wanted["stream_options"]["include_usage"] = true;
    CHECK(json::parse(edited) == wanted);
    ++requests;
  }
  std::cout << "corpus: " << requests << " requests peeked\n";
}

}  // namespace sluice::api
