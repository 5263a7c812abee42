// Answers that sluice keeps: continued, fetched again, deleted, and hidden from other keys.
#include "gateway/kept_answers.h"

#include <catch2/catch.hpp>

#include "net/stream.h"
#include "storage/memory_store.h"
#include "world.h"

namespace sluice::gateway {
namespace {

// One provider that speaks chat completions only, and two keys.
config::Config chat_only() {
  config::Config config = World::plain_config();
  config.providers[0].dialects = {Dialect::openai};
  for (const char* name : {"one", "two"}) {
    config::CallerKey key;
    key.name = name;
    key.key = std::string("ck-") + name + "-0123456789";
    config.keys.push_back(key);
  }
  return config;
}

struct KeptWorld {
  storage::MemoryStore store{storage::MemoryStoreBounds{}, [] { return test::fixed_time_s(); }};
  World world{chat_only()};
  KeptWorld() { world.context->answers = &store; }

  // Returns the caller's answer; the target, if it is asked, answers with the text below.
  std::string ask(const std::string& method, const std::string& path, const std::string& body,
                  const std::string& key = "one") {
    std::string head =
        method + " " + path + " HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ck-" + key + "-0123456789\r\n";
    if (!body.empty()) {
      head += "content-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n";
    }
    world.connect();
    const size_t asked = asked_;
    world.say(head + "\r\n" + body);
    for (const auto& target : world.targets) {
      if (target->text.empty()) continue;
      ++asked_;
      heard = target->text;
      target->text.clear();
      target->stream->write(ok_json(
          R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",)"
          R"("content":"Hi you"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":7}})"));
      world.turn();
    }
    was_asked = asked_ != asked;
    return world.caller->text;
  }
  std::string make(const std::string& more, const std::string& key = "one") {
    const std::string answer = ask("POST", "/v1/responses", R"({"model":"fast",)" + more + "}", key);
    const size_t at = answer.find("\"id\":\"resp_");
    return at == answer.npos ? "" : answer.substr(at + 6, answer.find('"', at + 6) - at - 6);
  }

  bool was_asked = false;
  std::string heard;  // the last request that the target got

 private:
  size_t asked_ = 0;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("kept answers: a conversation is sent whole, its turns in order") {
  KeptWorld kept;
  const std::string first = kept.make(R"("input":"one")");
  REQUIRE(first.starts_with("resp_"));
  const std::string second = kept.make(R"("input":"two","previous_response_id":")" + first + '"');
  REQUIRE(second.starts_with("resp_"));
  const std::string answer =
      kept.ask("POST", "/v1/responses", R"({"model":"fast","input":"three","previous_response_id":")" + second + "\"}");
  CHECK(has(answer, R"("previous_response_id":")" + second + '"'));
  const std::string& heard = kept.heard;
  const size_t one = heard.find("\"one\""), reply = heard.find("Hi you"), two = heard.find("\"two\""),
               again = heard.find("Hi you", reply + 1), three = heard.find("\"three\"");
  INFO(heard);
  CHECK(one < reply);
  CHECK(reply < two);
  CHECK(two < again);
  CHECK(again < three);
  CHECK(three != heard.npos);
  CHECK(kept.store.size() == 3);
}

TEST_CASE("kept answers: pages of one are answered here, and recorded") {
  KeptWorld kept;
  const std::string id = kept.make(R"("input":"one")");
  const std::string shown = kept.ask("GET", "/v1/responses/" + id, "");
  CHECK_FALSE(kept.was_asked);
  CHECK(has(shown, "HTTP/1.1 200 OK\r\n"));
  CHECK(has(shown, "content-type: application/json\r\n"));
  CHECK(has(shown, "Hi you"));
  CHECK(has(kept.ask("GET", "/v1/responses/" + id + "/input_items", ""), R"("text":"one")"));
  CHECK(has(kept.ask("POST", "/v1/responses/" + id + "/cancel", ""), "HTTP/1.1 400"));
  CHECK(has(kept.ask("DELETE", "/v1/responses/" + id, ""), R"("deleted":true)"));
  CHECK_FALSE(has(kept.ask("GET", "/v1/responses/" + id, ""), "HTTP/1.1 200"));
  CHECK(kept.store.size() == 0);
  CHECK(kept.world.cells().active_exchanges.get() == 0);
}

TEST_CASE("kept answers: another key finds none of it, and cannot go on with it") {
  KeptWorld kept;
  const std::string id = kept.make(R"("input":"one")");
  for (const char* method : {"GET", "DELETE"}) {
    const std::string answer = kept.ask(method, "/v1/responses/" + id, "", "two");
    CHECK_FALSE(has(answer, "HTTP/1.1 200"));
    CHECK_FALSE(has(answer, "Hi you"));
  }
  const std::string refused =
      kept.ask("POST", "/v1/responses", R"({"model":"fast","input":"x","previous_response_id":")" + id + "\"}", "two");
  CHECK(has(refused, "HTTP/1.1 400"));
  CHECK(has(refused, "previous_response_id"));
  CHECK_FALSE(kept.was_asked);
  CHECK(kept.store.size() == 1);
}

TEST_CASE("kept answers: what is not to be kept is not, nor what has lost its beginning gone on with") {
  KeptWorld kept;
  CHECK(kept.make(R"("input":"one","store":false)").starts_with("resp_"));
  CHECK(kept.store.size() == 0);
  const std::string first = kept.make(R"("input":"one")");
  const std::string second = kept.make(R"("input":"two","previous_response_id":")" + first + '"');
  kept.store.remove("key one", first);
  const std::string refused =
      kept.ask("POST", "/v1/responses", R"({"model":"fast","input":"x","previous_response_id":")" + second + "\"}");
  CHECK(has(refused, "HTTP/1.1 400"));
  CHECK(has(refused, first));
  CHECK_FALSE(kept.was_asked);
}

namespace {

// Writes only the length of the text it was given.
class Counter final : public api::EventWriter {
 public:
  explicit Counter(std::string prefix) : prefix_(std::move(prefix)) {}
  void on_start(const api::AnswerStart&) override {}
  void on_text(uint32_t, api::JsonText text) override { bytes_ += text.escaped.size(); }
  void on_refusal(uint32_t, api::JsonText) override {}
  void on_thinking(uint32_t, api::JsonText, bool) override {}
  void on_signature(uint32_t, const api::Opaque&, bool) override {}
  void on_call(const api::CallStart&) override {}
  void on_arguments(uint32_t, api::JsonText) override {}
  void on_media(uint32_t, api::PartKind, const api::Source&) override {}
  void on_citation(uint32_t, const api::Citation&) override {}
  void on_extra(const api::Extra&) override {}
  void on_part_end(uint32_t) override {}
  void on_usage(const api::AnswerUsage&) override {}
  void on_finish(const api::Finish&) override {}
  void on_error(const api::ProviderError&) override {}
  void end() override { out += R"({"id":")" + prefix_ + std::to_string(bytes_) + R"(","output":[]})"; }
  void fail(const Error&, std::string_view) override { out += "failed"; }

 private:
  const std::string prefix_;
  size_t bytes_ = 0;
};

struct Keeping {
  storage::MemoryStore store{storage::MemoryStoreBounds{}, [] { return test::fixed_time_s(); }};
  AnswerKeeper keeper{store, "me"};
  std::unique_ptr<api::EventWriter> writer;
  Keeping() {
    const std::string body = R"({"input":"x"})" + std::string(net::read_padding_bytes, '\0');
    const auto match = api::match(http::Method::post, "/v1/responses");
    REQUIRE(keeper.look(*match, std::string_view(body).substr(0, body.find('\0')), "1"));
    CHECK(keeper.keeps());
    writer = keeper.keeping(std::make_unique<Counter>("told_"), std::make_unique<Counter>("kept_"));
  }
};

}  // namespace

TEST_CASE("kept answers: one at the bound of its copy is kept, a longer one only told") {
  constexpr size_t max_copied_bytes = 8 * 1024 * 1024;
  const std::string half(max_copied_bytes / 2, 'x');
  for (const bool longer : {false, true}) {
    Keeping keeping;
    for (int i = 0; i < 2; ++i) keeping.writer->on_text(0, api::JsonText{half});
    if (longer) keeping.writer->on_text(0, api::JsonText{"y"});
    keeping.writer->end();
    CHECK(keeping.writer->out.find("told_") != std::string::npos);
    CHECK(keeping.store.size() == (longer ? 0 : 1));
  }
}

TEST_CASE("kept answers: what breaks off is not kept") {
  for (const bool by_target : {false, true}) {
    Keeping keeping;
    keeping.writer->on_text(0, api::JsonText{"x"});
    if (by_target) {
      keeping.writer->on_error({});
      keeping.writer->end();
    } else {
      keeping.writer->fail({ErrorCode::target_cut, "cut"}, {});
      CHECK(keeping.writer->out == "failed");
    }
    CHECK(keeping.store.size() == 0);
  }
}

TEST_CASE("kept answers: a conversation has a bound of turns") {
  KeptWorld kept;
  constexpr size_t max_turns = 1'000;
  std::string previous;
  for (size_t i = 0; i <= max_turns; ++i) {
    const std::string id = "resp_" + std::to_string(i);
    kept.store.put("key one", id, {"{}", R"({"type":"message","role":"user","content":"a"})", "", previous});
    previous = id;
  }
  const auto go_on = [&](size_t from) {
    return kept.ask(
        "POST", "/v1/responses",
        R"({"model":"fast","input":"x","store":false,"previous_response_id":"resp_)" + std::to_string(from) + "\"}");
  };
  CHECK(has(go_on(max_turns - 1), "HTTP/1.1 200"));
  CHECK(has(go_on(max_turns), "too long"));
}

// The provider keeps only the beginning under that id.
TEST_CASE("kept answers: a stream that passed as it came and was gone on with elsewhere is kept whole, here") {
  for (const std::string& more :
       {std::string(), std::string(R"(,"store":false)"), std::string(R"(,"previous_response_id":"resp_elsewhere")")}) {
    INFO(more);
    KeptWorld kept;
    config::Config config = chat_only();
    config.providers[0].dialects = {Dialect::responses};
    config.providers.push_back(config.providers[0]);
    config.providers[1].name = "b";
    config.models = {{"fast", {{"lab", "m"}, {"b", "m"}}}};
    config.models[0].order = config::Order::listed;
    World world(config);
    world.context->answers = &kept.store;
    const std::string body = R"({"model":"fast","stream":true,"input":"one")" + more + "}";
    const std::string fields = "authorization: Bearer ck-one-0123456789\r\n";
    world.say(post("/v1/responses", body, fields));
    const auto event = [](const std::string& data) { return "data: " + data + "\n\n"; };
    const auto stream_of = [&](const std::string& id, const std::string& text) {
      return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" +
             event(R"({"type":"response.created","sequence_number":0,"response":{"id":")" + id +
                   R"(","object":"response","created_at":7,"model":"m","status":"in_progress","output":[]}})") +
             event(R"({"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":)"
                   R"({"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}})") +
             event(R"({"type":"response.content_part.added","sequence_number":2,"item_id":"msg_1","output_index":0,)"
                   R"("content_index":0,"part":{"type":"output_text","text":"","annotations":[]}})") +
             event(R"({"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,)"
                   R"("content_index":0,"delta":")" +
                   text + "\"}");
    };
    world.target_says(stream_of("resp_first", "one two"));
    world.target().stream.reset();
    REQUIRE(world.until([&] { return world.targets.size() == 2 || world.caller->ended; }));
    INFO(world.caller->text << world.records());
    REQUIRE(world.targets.size() == 2);
    world.turn();
    world.target_says(stream_of("resp_other", "one two three") +
                      event(R"({"type":"response.completed","sequence_number":4,"response":{"id":"resp_other",)"
                            R"("object":"response","created_at":7,"model":"m","status":"completed","output":[)"
                            R"({"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text",)"
                            R"("text":"one two three","annotations":[]}]}]}})"));
    world.target().stream.reset();
    CHECK(world.until([&] { return world.caller->has("response.completed"); }));
    world.turn();
    CHECK(kept.store.size() == (more.empty() ? 1 : 0));
    if (!more.empty()) continue;
    world.connect();
    world.say("GET /v1/responses/resp_first HTTP/1.1\r\nhost: x\r\n" + fields + "\r\n");
    CHECK(world.targets.size() == 2);
    CHECK(world.caller->has(R"("text":"one two three")"));
    CHECK(world.caller->has(R"("status":"completed")"));
  }
}

}  // namespace sluice::gateway
