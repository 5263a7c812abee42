// A translation that continues a stream which broke off at another target: its request, and what the caller gets.
#include <catch2/catch.hpp>
#include <string>

#include "api/dialect.h"
#include "api/sent_frames.h"
#include "api/sent_reading.h"
#include "gateway/translation.h"

namespace sluice::gateway {
namespace {

const api::Endpoint& endpoint(std::string_view name) {
  for (const api::Endpoint* const one : api::endpoints()) {
    if (one->name == name) return *one;
  }
  throw std::runtime_error("no such endpoint");
}

const std::string chat = R"({"model":"m","stream":true,"max_tokens":50,"messages":[{"role":"user","content":"?"}]})";

struct Second {
  explicit Second(Dialect dialect, std::string model) {
    provider.name = "second";
    provider.dialects = {dialect};
    target.provider = &provider;
    target.model = std::move(model);
  }
  Result<std::unique_ptr<Translation>> make(const std::string& body, Rescue rescue,
                                            std::string_view name = "chat/completions") const {
    Question question;
    question.match.endpoint = &endpoint(name);
    question.stream = true;
    return Translation::make(question, "", body, target, "newnewnewnewnewnewnewnew", 1, rescue);
  }
  config::Provider provider;
  routing::Target target;
};

std::string chunk(const std::string& text) {
  return R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"first","choices":[{"index":0,)"
         R"("delta":{"role":"assistant","content":")" +
         text + "\"}}]}\n\n";
}

// A stream of chat completions that was relayed as it came.
BrokenAnswer broken_chat(const std::string& text) {
  BrokenAnswer broken;
  broken.sent = std::make_unique<api::SentFrames>(api::StreamFormat::sse);
  const std::string frames = chunk(text);
  std::vector<std::string_view> pieces = {frames};
  broken.sent->hold_tail(pieces);
  broken.delivered = api::read_delivered(*broken.sent, api::room_of(Dialect::openai).translation, {}, api::Bar::none);
  return broken;
}

void answer(Translation& translation, const std::string& text) {
  for (const std::string& frame :
       {std::string(R"({"type":"message_start","message":{"id":"msg_2","model":"claude","usage":{"input_tokens":3}}})"),
        std::string(R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"),
        R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" + text + "\"}}",
        std::string(R"({"type":"content_block_stop","index":0})"),
        std::string(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})"),
        std::string(R"({"type":"message_stop"})")}) {
    REQUIRE(translation.reader().read_frame("", frame, translation.sink()));
  }
}

const std::string head =
    R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"first","choices":[)"
    R"({"index":0,"delta":{)";

TEST_CASE("rescue: a target that goes on with a prefix is sent what was delivered") {
  BrokenAnswer broken = broken_chat("Hello, ");
  const Second second(Dialect::anthropic, "claude-sonnet-4-5");
  const auto made = second.make(chat, {&broken, true, false});
  REQUIRE(made);
  Translation& translation = **made;
  CHECK(translation.rung() == Rung::continues);
  CHECK_FALSE(translation.sends_as_it_came());
  CHECK(translation.path() == "/v1/messages");
  CHECK(translation.body().find(R"({"role":"assistant","content":[{"type":"text","text":"Hello,"}]})") !=
        std::string::npos);
  answer(translation, " you");
  translation.writer().end();
  CHECK(translation.misfit() == nullptr);
  CHECK(translation.writer().out == head + R"("content":"you"},"logprobs":null,"finish_reason":null}]})" + "\n\n" +
                                        head + R"(},"logprobs":null,"finish_reason":"stop"}]})" +
                                        "\n\ndata: [DONE]\n\n");
  REQUIRE(translation.delivered() != nullptr);
  CHECK(translation.delivered()->text == "Hello, you");
  CHECK(translation.delivered()->bar() == api::Bar::finished);
}

TEST_CASE("rescue: the rung is the first that may be used") {
  struct Row {
    Dialect dialect;
    std::string model;
    bool may_continue, may_ask;
    Rung rung;
  };
  for (const Row& row : std::vector<Row>{{Dialect::anthropic, "claude-sonnet-4-5", true, true, Rung::continues},
                                         {Dialect::anthropic, "claude-sonnet-4-5", false, true, Rung::asks},
                                         {Dialect::anthropic, "claude-sonnet-4-5", false, false, Rung::restarts},
                                         {Dialect::anthropic, "claude-opus-4-7", true, false, Rung::restarts},
                                         {Dialect::anthropic, "claude-opus-4-7", true, true, Rung::asks},
                                         {Dialect::openai, "gpt-4o", true, false, Rung::restarts},
                                         {Dialect::openai, "gpt-4o", true, true, Rung::asks}}) {
    CAPTURE(row.model, row.may_continue, row.may_ask);
    BrokenAnswer broken = broken_chat("Hi");
    const auto made = Second(row.dialect, row.model).make(chat, {&broken, row.may_continue, row.may_ask});
    REQUIRE(made);
    CHECK((*made)->rung() == row.rung);
    CHECK((*made)->sends_as_it_came() == (row.dialect == Dialect::openai && row.rung == Rung::restarts));
  }
  Second told(Dialect::openai, "my-model");
  told.provider.continues_prefix = true;
  BrokenAnswer broken = broken_chat("Hi");
  const auto made = told.make(chat, {&broken, true, false});
  REQUIRE(made);
  CHECK((*made)->rung() == Rung::continues);
  CHECK((*made)->body().find(R"("continue_final_message":true)") != std::string::npos);
}

TEST_CASE("rescue: an answer that differs reaches nobody, and the next target goes on where the first one stopped") {
  BrokenAnswer broken = broken_chat("Hello");
  const Second second(Dialect::anthropic, "claude-opus-4-7");
  auto made = second.make(chat, {&broken, true, false});
  REQUIRE(made);
  answer(**made, "Help");
  REQUIRE((*made)->misfit() != nullptr);
  CHECK((*made)->misfit()->code == ErrorCode::target_cut);
  CHECK((*made)->writer().out.empty());
  BrokenAnswer again = (*made)->leave();
  CHECK(again.delivered.text == "Hello");
  REQUIRE(again.delivered.bar() == api::Bar::none);
  made = second.make(chat, {&again, true, false});
  REQUIRE(made);
  answer(**made, "Hello there");
  CHECK((*made)->misfit() == nullptr);
  CHECK((*made)->writer().out.starts_with(head + R"("content":" there"})"));
}

TEST_CASE("rescue: a translated answer is remembered, and goes on with the same writer") {
  const Second first(Dialect::anthropic, "claude-opus-4-7");
  auto made = first.make(chat, {});
  REQUIRE(made);
  (*made)->remember();
  REQUIRE((*made)->reader().read_frame(
      "", R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}})", (*made)->sink()));
  const std::string begun = std::move((*made)->writer().out);
  (*made)->writer().out.clear();
  BrokenAnswer broken = (*made)->leave();
  CHECK(broken.delivered.text == "Hel");
  made = first.make(chat, {&broken, true, false});
  REQUIRE(made);
  answer(**made, "Hello");
  const std::string& rest = (*made)->writer().out;
  CHECK(begun.find(R"("content":"Hel"})") != std::string::npos);
  CHECK(rest.find(R"("content":"lo"})") != std::string::npos);
  CHECK(rest.find("role") == std::string::npos);
  CHECK(rest.substr(0, rest.find(R"(,"object")")) == begun.substr(0, begun.find(R"(,"object")")));
}

TEST_CASE("rescue: what stands in the question against it is said") {
  const std::string body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"?"}],"response_format":)"
                           R"({"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}}})";
  BrokenAnswer broken = broken_chat("{");
  const auto made = Second(Dialect::openai, "m").make(body, {&broken, true, true});
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::target_cut);
  CHECK(made.error().message == "the answer broke off, and no other target can continue it: it follows a schema");
  CHECK(broken.sent != nullptr);  // not consumed
}

// A prompt has no list of messages to which the partial answer could be added.
TEST_CASE("rescue: where the caller's own form takes no messages, the answer is begun anew") {
  BrokenAnswer broken;
  broken.sent = std::make_unique<api::SentFrames>(api::StreamFormat::ndjson);
  const std::string line = R"({"model":"a","created_at":"2026-01-01T00:00:00Z","response":"Hi","done":false})"
                           "\n";
  std::vector<std::string_view> pieces = {line};
  broken.sent->hold_tail(pieces);
  broken.delivered = api::read_delivered(*broken.sent, api::room_of(Dialect::ollama).translation, {}, api::Bar::none);
  CHECK(broken.delivered.text == "Hi");
  const auto made =
      Second(Dialect::ollama, "b").make(R"({"model":"m","prompt":"?"})", {&broken, true, true}, "ollama/generate");
  REQUIRE(made);
  CHECK((*made)->rung() == Rung::restarts);
  CHECK((*made)->sends_as_it_came());
}

}  // namespace
}  // namespace sluice::gateway
