// Every recorded exchange is read and written back unchanged.
#include <catch2/catch.hpp>
#include <set>

#include "api/corpus.h"
#include "translation/anthropic_support.h"

using namespace sluice;
using namespace sluice::test;
using namespace sluice::test::messages;

namespace {

auto recorded() { return corpus_of(Dialect::anthropic); }

// The grammar on which the official SDKs rely.
void check_stream(const std::string& stream) {
  int open = -1, next = 0;
  std::string state = "begin";
  for (const Frame& frame : frames_of(stream)) {
    const json data = json::parse(frame.data);
    INFO(frame.data);
    CHECK(frame.event == data.at("type"));
    const std::string type = data.at("type");
    if (type == "message_start") {
      CHECK(state == "begin");
      state = "content";
      const json& message = data.at("message");
      CHECK(message.at("content").empty());
      CHECK(message.at("role") == "assistant");
      CHECK(message.at("usage").at("input_tokens").is_number());
      CHECK(message.at("stop_reason").is_null());
    } else if (type == "content_block_start") {
      CHECK(state == "content");
      CHECK(open == -1);
      open = data.at("index");
      CHECK(open == next++);
    } else if (type == "content_block_delta") {
      CHECK(data.at("index") == open);
    } else if (type == "content_block_stop") {
      CHECK(data.at("index") == open);
      open = -1;
    } else if (type == "message_delta") {
      CHECK(state == "content");
      CHECK(open == -1);
      state = "delta";
      CHECK(data.at("delta").at("stop_reason").is_string());
      CHECK(data.at("usage").at("output_tokens").is_number());
    } else {
      CHECK(type == "message_stop");
      CHECK(state == "delta");
      state = "end";
    }
  }
  CHECK(state == "end");
}

}  // namespace

TEST_CASE("anthropic: recorded requests come out as they came") {
  for (const Exchange& exchange : recorded()) {
    if (exchange.request.is_null()) continue;
    INFO(exchange.name);
    const std::string body = exchange.request.dump();
    const auto request = anthropic_room().read_request(body, {});
    REQUIRE(request);
    api::Dropped dropped;
    api::WrittenRequest written;
    REQUIRE(anthropic_room().write_request(**request, anthropic_facts("other-model"), dropped, written));
    json expected = exchange.request;
    expected["model"] = "other-model";
    CHECK(json::parse(written.body) == expected);
    CHECK(dropped.empty());
  }
}

TEST_CASE("anthropic: recorded requests can be told anew, less what only their own dialect knows") {
  for (const Exchange& exchange : recorded()) {
    if (exchange.request.is_null()) continue;
    INFO(exchange.name);
    const std::string body = exchange.request.dump();
    const auto request = anthropic_room().read_request(body, {});
    REQUIRE(request);
    (*request)->from = Dialect::openai;
    api::Dropped dropped;
    api::WrittenRequest written;
    const auto done = anthropic_room().write_request(**request, anthropic_facts("claude-sonnet-4-5"), dropped, written);
    if (!done) {
      CHECK(done.error().code == ErrorCode::untranslatable);
      continue;
    }
    const json told = json::parse(written.body);
    std::string before = "assistant";
    for (const json& message : told.at("messages")) {
      CHECK(message.at("role") != before);
      before = message.at("role");
    }
    CHECK(told.at("messages").back().at("role") == "user");
  }
}

TEST_CASE("anthropic: recorded answers tell the same once written and read again") {
  for (const Exchange& exchange : recorded()) {
    if (exchange.status != 200) continue;
    INFO(exchange.name);
    ToldAnswer first;
    read_answer(exchange.body, exchange.stream, first);
    CHECK((first.finished || first.failed));
    const std::string asked = R"({"model":"m","messages":[]})";
    const auto request = anthropic_room().read_request(asked, {});
    REQUIRE(request);
    for (const bool as_stream : {true, false}) {
      INFO((as_stream ? "as a stream" : "as a body"));
      const auto writer = anthropic_writer(**request, as_stream);
      api::PartSequencer sequencer(*writer);
      read_answer(exchange.body, exchange.stream, sequencer);
      writer->end();
      if (as_stream && !first.failed) check_stream(writer->out);
      ToldAnswer again;
      read_answer(writer->out, as_stream, again);
      CHECK(again.told == first.told);
      CHECK(again.usage.counts == first.usage.counts);
      CHECK(again.usage.cache_write_1h == first.usage.cache_write_1h);
    }
  }
}

TEST_CASE("anthropic: answers that are cut anywhere tell what they hold") {
  size_t seen = 0;
  for (const Exchange& exchange : recorded()) {
    if (exchange.status != 200) continue;
    INFO(exchange.name);
    if (exchange.stream) {
      const std::vector<Frame> frames = frames_of(exchange.body);
      for (size_t cut = 0; cut < frames.size(); cut += 1 + frames.size() / 50) {
        const auto reader = anthropic_room().make_reader({Dialect::anthropic, ""});
        ToldAnswer told;
        for (size_t i = 0; i < cut; ++i) CHECK(reader->read_frame(frames[i].event, frames[i].data, told));
        const std::string half = frames[cut].data.substr(0, frames[cut].data.size() / 2);
        const uint32_t before = told.events;
        CHECK_FALSE(reader->read_frame(frames[cut].event, half, told));
        CHECK(told.events == before);
        reader->end(told);
        CHECK_FALSE(told.failed);
        ++seen;
      }
    } else {
      for (size_t cut = 0; cut < exchange.body.size(); cut += 1 + exchange.body.size() / 50) {
        const auto reader = anthropic_room().make_reader({Dialect::anthropic, ""});
        ToldAnswer told;
        CHECK_FALSE(reader->read_body(std::string_view(exchange.body).substr(0, cut), told));
        CHECK(told.told.empty());
        ++seen;
      }
    }
  }
  CHECK((seen != 0 || recorded().empty()));
}
