// The demo's faults, each in all five dialects, as bytes on a stream.
#include "demo/faults.h"

#include <catch2/catch.hpp>

#include "wire.h"

using namespace sluice;
using namespace sluice::test;

namespace {

const Speaker& any_speaker() {
  const Speaker& speaker = speakers[GENERATE(0u, 1u, 2u, 3u, 4u)];
  return speaker;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// The first words of the whole text.
std::string first_words(size_t count) {
  const std::string text(whole_text);
  size_t end = 0;
  for (size_t i = 0; i < count && end < text.size(); ++i) end = std::min(text.find(' ', end + 1), text.size());
  return text.substr(0, end);
}

}  // namespace

TEST_CASE("demo without orders: a whole answer, streamed and plain") {
  const Speaker& speaker = any_speaker();
  INFO(speaker.name);
  Wire wire;
  const Raw stream = wire.ask(speaker, "demo", true);
  CHECK(stream.status() == 200);
  CHECK(said(stream.body()) == whole_text);
  CHECK(has(stream.body(), speaker.finish));
  CHECK(stream.body().ends_with(speaker.sentinel));
  CHECK(stream.framed_whole());
  CHECK_FALSE(stream.closed);
  const Raw plain = wire.ask(speaker, "demo", false);
  CHECK(has(plain.body(), whole_text));
  CHECK(plain.framed_whole());
}

TEST_CASE("cut-after-N: so many words, then the connection is closed without an end") {
  const Speaker& speaker = any_speaker();
  const uint32_t words = GENERATE(0u, 1u, 5u, 6u, 1000u);
  INFO(speaker.name << " " << words);
  Wire wire;
  const Raw stream = wire.ask(speaker, "cut-after-" + std::to_string(words), true);
  CHECK(stream.status() == 200);
  CHECK(said(stream.body()) == first_words(words));
  CHECK(stream.closed);
  CHECK_FALSE(stream.framed_whole());
  CHECK_FALSE(has(stream.body(), speaker.finish));
  if (!speaker.sentinel.empty()) CHECK_FALSE(has(stream.body(), speaker.sentinel));
  const Raw plain = wire.ask(speaker, "cut-after-5", false);
  CHECK(plain.closed);
  CHECK_FALSE(plain.framed_whole());
  CHECK(plain.body().size() > 10);
  CHECK_FALSE(Json::accept(plain.body()));
}

TEST_CASE("end-after-N: the body ends as if it were whole, without a finish") {
  const Speaker& speaker = any_speaker();
  INFO(speaker.name);
  Wire wire;
  const Raw stream = wire.ask(speaker, "end-after-2", true);
  CHECK(said(stream.body()) == first_words(2));
  CHECK(stream.framed_whole());
  CHECK_FALSE(has(stream.body(), speaker.finish));
  const Raw plain = wire.ask(speaker, "end-after-2", false);
  CHECK(plain.framed_whole());
  CHECK_FALSE(Json::accept(plain.body()));
}

TEST_CASE("stall: words, then nothing, and the connection stays open") {
  const Speaker& speaker = any_speaker();
  INFO(speaker.name);
  Wire wire;
  const Raw stream = wire.ask(speaker, "stall", true);
  CHECK(said(stream.body()) == first_words(3));
  CHECK_FALSE(stream.closed);
  CHECK_FALSE(stream.framed_whole());
  CHECK(said(wire.ask(speaker, "stall-after-1", true).body()) == first_words(1));
  const Raw plain = wire.ask(speaker, "stall", false);
  CHECK(plain.body().size() > 10);
  CHECK_FALSE(plain.closed);
  CHECK_FALSE(plain.framed_whole());
}

TEST_CASE("error-after-N and error-in-200: the dialect's own error within a stream, and no success behind it") {
  const Speaker& speaker = any_speaker();
  const uint32_t words = GENERATE(0u, 3u);
  INFO(speaker.name << " " << words);
  Wire wire;
  const Raw stream = wire.ask(speaker, words == 0 ? "error-in-200" : "error-after-3", true);
  CHECK(stream.status() == 200);
  CHECK(said(stream.body()) == first_words(words));
  CHECK(has(stream.body(), speaker.error));
  CHECK_FALSE(has(stream.body(), speaker.finish));
  CHECK(stream.framed_whole());
  const Raw plain = wire.ask(speaker, "error-in-200", false);
  CHECK(plain.status() == 200);
  CHECK(Json::parse(plain.body()).contains("error"));
}

TEST_CASE("error-after-N: the event of the responses dialect has the next number") {
  Wire wire;
  const std::string body = wire.ask(speakers[1], "error-after-3", true).body();
  uint64_t next = 0;
  for (size_t at = body.find("\"sequence_number\":"); at != body.npos; at = body.find("\"sequence_number\":", at + 1)) {
    CHECK(std::stoull(body.substr(at + 18)) == next++);
  }
  CHECK(next == 9);  // created, in_progress, item, part, three words, the error, failed
}

TEST_CASE("bad-frame: one frame is malformed, and the stream is whole") {
  const Speaker& speaker = any_speaker();
  INFO(speaker.name);
  Wire wire;
  const Raw stream = wire.ask(speaker, "bad-frame", true);
  CHECK(has(stream.body(), R"({"demo" "a malformed frame"})"));
  CHECK(said(stream.body()) == whole_text);
  CHECK(has(stream.body(), speaker.finish));
  CHECK(has(wire.ask(speaker, "bad-frame", false).body(), whole_text));
}

TEST_CASE("no-done: the finish comes, the sentinel does not") {
  const Speaker& speaker = any_speaker();
  INFO(speaker.name);
  Wire wire;
  const Raw stream = wire.ask(speaker, "no-done", true);
  CHECK(said(stream.body()) == whole_text);
  CHECK(has(stream.body(), speaker.finish));
  if (!speaker.sentinel.empty()) CHECK_FALSE(has(stream.body(), speaker.sentinel));
  CHECK(stream.framed_whole());
}

TEST_CASE("hold-open: all of it comes, and the body never ends") {
  const Speaker& speaker = any_speaker();
  INFO(speaker.name);
  Wire wire;
  const Raw stream = wire.ask(speaker, "hold-open", true);
  CHECK(stream.body().ends_with(speaker.sentinel));
  CHECK(has(stream.body(), speaker.finish));
  CHECK_FALSE(stream.framed_whole());
  CHECK_FALSE(stream.closed);
  const Raw plain = wire.ask(speaker, "hold-open", false);
  CHECK(Json::accept(plain.body()));
  CHECK_FALSE(plain.framed_whole());
  CHECK_FALSE(plain.closed);
}

TEST_CASE("cut-json and short-json: cut within a frame, within the JSON") {
  const Speaker& speaker = any_speaker();
  const bool ends = GENERATE(false, true);
  INFO(speaker.name << " " << ends);
  Wire wire;
  const Raw stream = wire.ask(speaker, ends ? "short-json" : "cut-json", true);
  CHECK(said(stream.body()) == first_words(3));
  CHECK_FALSE(stream.body().ends_with('\n'));
  CHECK(stream.framed_whole() == ends);
  CHECK(stream.closed != ends);
  const Raw plain = wire.ask(speaker, ends ? "short-json" : "cut-json", false);
  CHECK_FALSE(Json::accept(plain.body()));
  CHECK(plain.framed_whole() == ends);
}

TEST_CASE("cut-in-tool: the call has begun, its arguments are not whole") {
  const Speaker& speaker = any_speaker();
  const bool tools = GENERATE(true, false);
  INFO(speaker.name << " " << tools);
  Wire wire;
  const Raw stream = wire.ask(speaker, "cut-in-tool", true, tools);
  CHECK(stream.closed);
  CHECK_FALSE(stream.framed_whole());
  // Gemini and Ollama send a call in one frame.
  const bool in_pieces = speaker.name != "gemini" && speaker.name != "ollama";
  if (in_pieces) CHECK(has(stream.body(), tools ? "find_it" : "look_up"));
  CHECK_FALSE(has(stream.body(), "four\\\"}"));
  CHECK_FALSE(has(stream.body(), speaker.finish));
  const Raw plain = wire.ask(speaker, "cut-in-tool", false, tools);
  CHECK(plain.closed);
  CHECK_FALSE(Json::accept(plain.body()));
}

TEST_CASE("cut-in-thinking: the thinking has begun, and nothing else") {
  const Speaker& speaker = any_speaker();
  INFO(speaker.name);
  Wire wire;
  std::string body = filled(speaker.body, "cut-in-thinking", true);
  if (speaker.name == "gemini") body.insert(1, R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}},)");
  const Raw stream = wire.post(filled(speaker.stream_path, "cut-in-thinking", true), body);
  CHECK(has(stream.body(), "\"The\""));
  CHECK_FALSE(has(stream.body(), "user"));
  CHECK(stream.closed);
  CHECK_FALSE(stream.framed_whole());
}

TEST_CASE("reset, silent, silent-after-head: before anything is answered") {
  const Speaker& speaker = any_speaker();
  const bool stream = GENERATE(true, false);
  INFO(speaker.name << " " << stream);
  Wire wire;
  const Raw reset = wire.ask(speaker, "reset", stream);
  CHECK(reset.bytes.empty());
  CHECK(reset.closed);
  const Raw silent = wire.ask(speaker, "silent", stream);
  CHECK(silent.bytes.empty());
  CHECK_FALSE(silent.closed);
  const Raw headed = wire.ask(speaker, "silent-after-head", stream);
  CHECK(headed.status() == 200);
  CHECK(headed.body().empty());
  CHECK_FALSE(headed.closed);
}

TEST_CASE("slow-first-byte-Ns: nothing comes before") {
  const Speaker& speaker = any_speaker();
  const bool stream = GENERATE(true, false);
  INFO(speaker.name << " " << stream);
  Wire wire;
  const Raw slow = wire.ask(speaker, "slow-first-byte-3s", stream);
  CHECK(slow.first_byte_ms >= 3000);
  CHECK(slow.first_byte_ms < 3200);
  CHECK(slow.framed_whole());
  CHECK(wire.ask(speaker, "slow-first-byte-3600s", stream).bytes.empty());
}

TEST_CASE("statuses: in the words of the dialect, also of a status that it has no word for") {
  const Speaker& speaker = any_speaker();
  const int status = GENERATE(400, 401, 402, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504, 529, 599);
  INFO(speaker.name << " " << status);
  Wire wire;
  const Raw refused = wire.ask(speaker, std::to_string(status), status % 2 == 0);
  CHECK(refused.status() == status);
  CHECK(Json::parse(refused.body()).contains("error"));
  CHECK_FALSE(refused.has_field("retry-after:"));
  CHECK(wire.ask(speaker, std::to_string(status), true).status() == status);  // the second time too
}

TEST_CASE("NNN-then-ok: refused once, then answered, then refused again") {
  const Speaker& speaker = any_speaker();
  const std::string model = GENERATE("429-then-ok", "500-then-ok");
  INFO(speaker.name << " " << model);
  Wire wire;
  const int status = std::stoi(model);
  CHECK(wire.ask(speaker, model, true).status() == status);
  CHECK(wire.ask(speaker, model, true, true).status() == status);  // a different request
  const Raw answered = wire.ask(speaker, model, true);
  CHECK(said(answered.body()) == whole_text);
  CHECK(wire.ask(speaker, model, true).status() == status);
}

TEST_CASE("429-retry-after-Ns: told with the refusal, and answered no sooner") {
  const Speaker& speaker = any_speaker();
  INFO(speaker.name);
  Wire wire;
  const Raw refused = wire.ask(speaker, "429-retry-after-2s", false);
  CHECK(refused.status() == 429);
  CHECK(refused.has_field("retry-after: 2"));
  wire.pass_ms(1900);
  CHECK(wire.ask(speaker, "429-retry-after-2s", false).status() == 429);
  wire.pass_ms(200);
  CHECK(wire.ask(speaker, "429-retry-after-2s", false).status() == 200);
  CHECK(wire.ask(speaker, "429-retry-after", false).has_field("retry-after: 1"));
}

TEST_CASE("requests that were refused once: forgotten at the bound, the oldest first") {
  demo::DemoMemory memory;
  for (size_t i = 0; i < demo::DemoMemory::max_refused; ++i) CHECK_FALSE(memory.may_answer(i, 0, 0));
  CHECK_FALSE(memory.may_answer(demo::DemoMemory::max_refused, 0, 0));  // replaces the first
  CHECK(memory.may_answer(1, 0, 0));
  CHECK_FALSE(memory.may_answer(0, 0, 0));
}

TEST_CASE("spend-limit: each dialect's own way to say that no money is left") {
  Wire wire;
  const auto body = [&](size_t i) { return Json::parse(wire.ask(speakers[i], "spend-limit", true).body())["error"]; };
  CHECK(body(0)["code"] == "insufficient_quota");
  CHECK(body(1)["type"] == "insufficient_quota");
  CHECK(body(2)["type"] == "billing_error");
  CHECK(body(3)["details"][0]["reason"] == "BILLING_DISABLED");
  CHECK(has(body(4).get<std::string>(), "payment_required"));
  const std::array statuses = {429, 429, 402, 403, 402};
  for (size_t i = 0; i < speakers.size(); ++i)
    CHECK(wire.ask(speakers[i], "spend-limit", false).status() == statuses[i]);
}

TEST_CASE("refuse-prefix: 400 where the assistant's words come last, else answered") {
  Wire wire;
  CHECK(wire.ask(speakers[2], "refuse-prefix", true).status() == 200);
  struct Row {
    const char *path, *body;
  };
  const Row row = GENERATE(values<Row>(
      {{"/v1/chat/completions",
        R"({"model":"refuse-prefix","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"You"}]})"},
       {"/v1/responses",
        R"({"model":"refuse-prefix","input":[{"role":"user","content":"a"},{"role":"assistant","content":"You"}]})"},
       {"/v1/messages",
        R"({"model":"refuse-prefix","max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"You"}]})"},
       {"/v1beta/models/refuse-prefix:generateContent",
        R"({"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"You"}]}]})"},
       {"/api/chat",
        R"({"model":"refuse-prefix","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"You"}]})"}}));
  INFO(row.path);
  const Raw refused = wire.post(row.path, row.body);
  CHECK(refused.status() == 400);
  CHECK(has(refused.body(), "does not continue"));
}

TEST_CASE("two-faced: two answers to one question differ behind the second word") {
  const Speaker& speaker = any_speaker();
  INFO(speaker.name);
  Wire wire;
  const std::string first = said(wire.ask(speaker, "two-faced", true).body());
  const std::string second = said(wire.ask(speaker, "two-faced", true).body());
  CHECK(first != second);
  CHECK(first.starts_with("You said: ["));
  CHECK(second.starts_with("You said: ["));
  CHECK(first.ends_with("] one two three four"));
  CHECK(said(wire.ask(speaker, "two-faced+cut-after-2", true).body()) == "You said:");
}

TEST_CASE("web-page: a page in place of an answer") {
  const Speaker& speaker = any_speaker();
  Wire wire;
  const Raw page = wire.ask(speaker, "web-page", true);
  CHECK(page.status() == 200);
  CHECK(page.has_field("content-type: text/html"));
  CHECK(page.body().starts_with("<!doctype html>"));
}

TEST_CASE("faults in a stream that is one JSON array: the error is its last element, a malformed frame has a place") {
  Wire wire;
  const auto ask = [&](const std::string& model) {
    return wire.post("/v1beta/models/" + model + ":streamGenerateContent", filled(speakers[3].body, model, true))
        .body();
  };
  const Json words = Json::parse(ask("error-after-2"));
  REQUIRE(words.size() == 3);
  CHECK(words[2].contains("error"));
  const Json none = Json::parse(ask("error-in-200"));
  REQUIRE(none.size() == 1);
  CHECK(none[0].contains("error"));
  CHECK(has(ask("bad-frame"), ",\r\n{\"demo\" \"a malformed frame\"}"));
}
