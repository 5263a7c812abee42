// Callers who resume a stream after their connection broke (`resume_s`).
#include <catch2/catch.hpp>
#include <vector>

#include "resume_support.h"

namespace sluice::gateway {
namespace {

using namespace resuming_callers;

TEST_CASE("without resume_s a stream has no ids, and nothing of it is kept") {
  World world(resuming(0));
  begin(world);
  CHECK(got(world.caller->text).body == openai_frames[0] + openai_frames[1]);
  leave(world);
  CHECK(world.targets[0]->ended);
  CHECK(world.streams.size() == 0);
}

TEST_CASE("what is asked of a provider by its name is kept as the provider says, and other names as they say") {
  config::Config config = resuming(0);
  config.providers[0].resume_ms = patience_ms;
  World world(config);
  const std::string asked = R"({"model":"lab/any","stream":true,"messages":[]})";
  world.say(post("/v1/chat/completions", asked, "x-request-id: mine\r\n"));
  world.target_says(sse_head + chunk(openai_frames[0]) + chunk(openai_frames[1]));
  leave(world);
  CHECK_FALSE(world.targets[0]->ended);
  world.target_says(rest_of_it());
  const Got rest = resume(world, openai(), "sluice-resume: mine; after=2\r\n");
  CHECK(rest.status == 200);
  CHECK(rest.whole);
  CHECK(rest.body.find(" two") != std::string::npos);
  CHECK(rest.body.find("One") == std::string::npos);
  world.connect();
  begin(world);
  const size_t kept = world.streams.size();
  leave(world);
  CHECK(world.streams.size() == kept);  // a name of `models` without resume_s
}

TEST_CASE("an absent caller is waited for as long as resume_s says, and no longer") {
  World world(resuming());
  begin(world);
  leave(world);
  world.clock.pass_ms(patience_ms - 1);
  world.turn();
  CHECK_FALSE(world.targets[0]->ended);
  CHECK(world.until([&] { return world.targets[0]->ended; }));
  CHECK(world.clock.passed_ms() >= patience_ms);
  CHECK(world.clock.passed_ms() <= patience_ms + 2 * net::Timers::tick_ms);
  CHECK(world.cells().active_exchanges.get() == 0);
  CHECK(world.connections->size() == 0);
  CHECK(world.streams.size() == 0);
  const std::string record = world.records();
  CHECK(record.find(" status=499 ") != std::string::npos);
  CHECK(record.find("outcome=caller_gone") != std::string::npos);
  CHECK(resume(world, openai(), "sluice-resume: mine\r\n").status == 404);
}

TEST_CASE("what has ended is kept as long as resume_s says, and no longer") {
  for (const uint64_t passed_ms : {uint64_t{patience_ms} - 1, uint64_t{patience_ms}}) {
    World world(resuming());
    begin(world);
    world.target_says(rest_of_it());
    leave(world);
    world.clock.pass_ms(passed_ms);
    world.turn();
    const Got rest = resume(world, openai(), "sluice-resume: mine; after=6\r\n");
    CHECK(rest.status == (passed_ms < patience_ms ? 200 : 404));
    if (passed_ms >= patience_ms) CHECK(world.streams.size() == 0);
  }
}

TEST_CASE("each time that a caller comes back and breaks off again, resume_s begins anew") {
  World world(resuming());
  begin(world);
  for (int times = 0; times < 4; ++times) {
    leave(world);
    world.clock.pass_ms(patience_ms - 1'000);
    world.turn();
    CHECK(resume(world, openai(), "sluice-resume: mine; after=2\r\n").status == 200);
  }
  world.target_says(rest_of_it());
  CHECK(got(world.caller->text).whole);
  const std::string records = world.records();
  CHECK(records.find("outcome=ok") != std::string::npos);
  CHECK(records.find("resumed=true") != std::string::npos);
}

TEST_CASE("whoever asks in words that say nothing, or for what there is not, is told so") {
  using Outcome = observe::ResumeOutcome;
  struct Row {
    const char* fields;
    int status;
    const char* says;
    Outcome outcome;
  };
  for (const Row& row : std::vector<Row>{
           {"sluice-resume: other\r\n", 404, "no stream of that id is kept", Outcome::unknown},
           {"sluice-resume: \r\n", 400, "sluice-resume: found", Outcome::refused},
           {"sluice-resume: mine; after\r\n", 400, "sluice-resume: found", Outcome::refused},
           {"sluice-resume: mine; after=\r\n", 400, "sluice-resume: found", Outcome::refused},
           {"sluice-resume: mine; after=-1\r\n", 400, "sluice-resume: found", Outcome::refused},
           {"sluice-resume: mine; after=2x\r\n", 400, "sluice-resume: found", Outcome::refused},
           {"sluice-resume: mine; after=18446744073709551616\r\n", 400, "sluice-resume: found", Outcome::refused},
           {"sluice-resume: mine; after=18446744073709551615\r\n", 400, "has had 2 events so far", Outcome::refused},
           {"sluice-resume: mine; after=3\r\n", 400, "has had 2 events so far", Outcome::refused},
           {"sluice-resume: mine mine\r\n", 400, "sluice-resume: found", Outcome::refused},
           {"sluice-resume: mine\r\nlast-event-id: 7\r\n", 400, "last-event-id: found", Outcome::refused},
           {"last-event-id: sluice-\r\n", 400, "last-event-id: found", Outcome::refused},
           {"last-event-id: sluice-12\r\n", 400, "last-event-id: found", Outcome::refused},
           {"last-event-id: sluice-0123456789abcdef\r\n", 400, "last-event-id: found", Outcome::refused},
           {"last-event-id: sluice-0123456789abcdef-\r\n", 400, "last-event-id: found", Outcome::refused},
           {"last-event-id: sluice-0123456789abcdef-1-2\r\n", 400, "last-event-id: found", Outcome::refused},
           {"last-event-id: sluice-0123456789abcdeg-1\r\n", 400, "last-event-id: found", Outcome::refused},
           {"last-event-id: sluice-0123456789abcdef-1\r\n", 404, "no stream of that id is kept", Outcome::unknown}}) {
    INFO(row.fields);
    World world(resuming());
    begin(world);
    const std::string before = world.caller->text;
    const auto first = std::move(world.caller);
    const Got answer = resume(world, openai(), row.fields);
    CHECK(answer.status == row.status);
    CHECK(answer.body.find(row.says) != std::string::npos);
    CHECK(answer.body.find("\"error\"") != std::string::npos);
    CHECK(resumes(world, row.outcome) == 1);
    CHECK(resumes(world, Outcome::resumed) == 0);
    CHECK(world.targets.size() == 1);
    CHECK(first->text == before);  // the original caller is not disturbed
    CHECK_FALSE(first->ended);
  }
}

TEST_CASE("an event id of somebody else's is the target's affair") {
  World world(resuming());
  world.say(post(openai().path, openai().body, "last-event-id: 1526919030474-55\r\n"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has("last-event-id: 1526919030474-55"));
}

TEST_CASE("a stream belongs to its key, its path and its id") {
  config::Config config = resuming();
  for (const char* const name : {"a", "b"}) {
    config::CallerKey key;
    key.name = name;
    key.key = std::string("key-of-") + name;
    config.keys.push_back(key);
  }
  World world(config);
  const std::string a = "authorization: Bearer key-of-a\r\n", b = "authorization: Bearer key-of-b\r\n";
  world.say(post(openai().path, openai().body, a + "x-request-id: mine\r\n"));
  world.target_says(sse_head + chunk(openai_frames[0] + openai_frames[1]));
  const Got first = got(world.caller->text);
  const std::string by_event = place_by_id(first.body).fields;
  leave(world);
  const Got unknown = resume(world, openai(), a + "sluice-resume: never\r\n");
  CHECK(unknown.status == 404);
  const auto plain = [](std::string text) {  // without the ids
    const size_t at = text.find("request_id");
    return at == text.npos ? text : text.substr(0, at);
  };
  for (const std::string& fields : {std::string("sluice-resume: mine\r\n"), by_event}) {
    const Got foreign = resume(world, openai(), b + fields);
    CHECK(foreign.status == 404);
    CHECK(plain(foreign.body) == plain(unknown.body));
    CHECK(resume(world, openai(), fields).status == 401);
    Form other = openai();
    other.path = "/v1/responses";
    CHECK(resume(world, other, a + fields).status == 404);
  }
  CHECK(resume(world, openai(), a + by_event + "sluice-resume: other\r\n").status == 404);
  CHECK(resume(world, openai(), a + by_event + "sluice-resume: mine\r\n").status == 200);
  CHECK(world.targets.size() == 1);
}

TEST_CASE("a second stream of the same id is the one that the id stands for, and events of the first stay its own") {
  World world(resuming());
  begin(world);
  const std::string of_first = place_by_id(got(world.caller->text).body).fields;
  leave(world);
  world.connect();
  world.say(post(openai().path, openai().body, "x-request-id: mine\r\n"));
  REQUIRE(world.targets.size() == 2);
  world.target_says(sse_head + chunk(openai_frames[0] + openai_frame("Other")));
  leave(world);
  CHECK(resume(world, openai(), "sluice-resume: mine\r\n").body.find("Other") != std::string::npos);
  world.connect();
  world.say(post(openai().path, openai().body, of_first));
  world.targets[0]->stream->write(rest_of_it());
  world.turn();
  CHECK(world.caller->has(" two"));
  CHECK_FALSE(world.caller->has("Other"));
}

TEST_CASE("who goes on while the first connection seems to be there takes its place") {
  World world(resuming());
  begin(world);
  const auto first = std::move(world.caller);
  CHECK(resume(world, openai(), "sluice-resume: mine; after=2\r\n").status == 200);
  CHECK(first->ended);
  CHECK_FALSE(got(first->text).whole);
  CHECK(world.connections->size() == 2);  // one has no caller any more but still holds the answer
  world.target_says(rest_of_it());
  const Got rest = got(world.caller->text);
  CHECK(rest.whole);
  CHECK(rest.body.find(" two") < rest.body.find("[DONE]"));
  CHECK(world.cells().active_exchanges.get() == 0);
  CHECK(world.connections->size() == 1);
}

TEST_CASE("several may follow at once, up to a bound, and all get all of it") {
  World world(resuming());
  begin(world);
  leave(world);
  std::vector<std::unique_ptr<Peer>> followers;
  const size_t most = StreamBounds().max_followers;
  for (size_t i = 0; i < most; ++i) {
    CHECK(resume(world, openai(), "sluice-resume: mine\r\n").status == 200);
    followers.push_back(std::move(world.caller));
  }
  CHECK(resume(world, openai(), "sluice-resume: mine\r\n").status == 429);
  CHECK(world.cells().active_streams.get() == static_cast<int64_t>(most) + 1);
  followers.pop_back();
  world.turn();
  CHECK(resume(world, openai(), "sluice-resume: mine\r\n").status == 200);
  followers.push_back(std::move(world.caller));
  world.target_says(rest_of_it());
  for (const auto& follower : followers) {
    const Got all = got(follower->text);
    CHECK(all.whole);
    CHECK(all.body == got(followers[0]->text).body);
  }
  CHECK(world.cells().active_streams.get() == 0);
  CHECK(world.context->users == 0);
}

TEST_CASE("who comes back before anything was answered gets whatever the answer turns out to be") {
  World world(resuming());
  world.say(post(openai().path, openai().body, "x-request-id: mine\r\n"));
  REQUIRE(world.targets.size() == 1);
  leave(world);
  resume(world, openai(), "sluice-resume: mine\r\n");
  CHECK(world.caller->text.empty());
  SECTION("a stream") {
    world.target_says(sse_head + chunk(openai_frames[0] + openai_frames[1]) + rest_of_it());
    const Got all = got(world.caller->text);
    CHECK(all.whole);
    CHECK(all.body.find("[DONE]") != std::string::npos);
  }
  SECTION("an error, with its status") {
    world.target_says(
        "HTTP/1.1 401 No\r\ncontent-type: application/json\r\ncontent-length: "
        "24\r\n\r\n{\"error\":{\"code\":\"nope\"}}");
    const Got all = got(world.caller->text);
    CHECK(all.whole);
    CHECK(all.status == 401);
    CHECK(all.body.find("nope") != std::string::npos);
  }
  SECTION("nothing") {
    world.target().stream.reset();
    world.turn();
    const Got all = got(world.caller->text);
    CHECK(all.whole);
    CHECK(all.status == 502);
  }
  CHECK(world.cells().active_exchanges.get() == 0);
}

TEST_CASE("a stream that breaks off while nobody is there ends for who comes back as it would have for its caller") {
  World world(resuming());
  begin(world);
  leave(world);
  world.target().stream.reset();
  world.turn();
  CHECK(world.cells().active_exchanges.get() == 0);
  const Got rest = resume(world, openai(), "sluice-resume: mine; after=2\r\n");
  CHECK(rest.status == 200);
  CHECK_FALSE(rest.whole);
  CHECK(rest.body.find("\"error\"") != std::string::npos);
  CHECK(rest.body.find("[DONE]") == std::string::npos);
  CHECK(world.caller->ended);
  const std::string records = world.records();
  CHECK(records.find("outcome=target_cut") != std::string::npos);
}

TEST_CASE("a stream that another target went on with is one stream for who comes back") {
  config::Config config = resuming();
  config.providers[0].name = "a";
  config.providers.push_back(config.providers[0]);
  config.providers[1].name = "b";
  config.models[0].targets = {{"a", "m"}, {"b", "m"}};
  config.models[0].order = config::Order::listed;
  config.models[0].retry.attempts = 2;
  for (const bool before : {true, false}) {  // the caller leaves before or after the target's end
    World world(config);
    begin(world);
    const std::string had = got(world.caller->text).body;
    if (before) leave(world);
    world.targets[0]->stream.reset();
    world.turn();
    REQUIRE(world.targets.size() == 2);
    if (!before) leave(world);
    world.target_says(sse_head + chunk(joined(openai_frames)) + last);
    const Place place = place_by_id(had);
    const Got rest = resume(world, openai(), place.fields);
    CHECK(rest.whole);
    const std::string all = had.substr(0, place.bytes) + rest.body;
    for (const char* const text : {"One", " two", " three", "[DONE]"}) {
      CHECK(all.find(text) != std::string::npos);
      CHECK(all.find(text) == all.rfind(text));
    }
    CHECK(world.targets.size() == 2);
  }
}

TEST_CASE("what is not kept any more is told apart from what never was, and a follower that is too slow is cut") {
  World world(resuming());
  world.streams.set_most(4 * (StreamStore::entry_bytes + 6 * (openai_frame("x").size() + 100)));
  begin(world);
  leave(world);
  std::string many;
  for (int i = 0; i < 40; ++i) many += openai_frame("x");
  world.target_says(chunk(many));
  const Got gone = resume(world, openai(), "sluice-resume: mine; after=2\r\n");
  CHECK(gone.status == 410);
  CHECK(gone.body.find("send the request again") != std::string::npos);
  CHECK(resumes(world, observe::ResumeOutcome::gone) == 1);
  CHECK(resume(world, openai(), "sluice-resume: mine; after=42\r\n").status == 200);
  CHECK(world.streams.bytes() <= 4 * (StreamStore::entry_bytes + 6 * (openai_frame("x").size() + 100)) / 4);
  world.target_says(chunk(many));
  CHECK_FALSE(got(world.caller->text).whole);  // forty at a time are more than are kept
  CHECK(world.caller->has("\"error\""));
  CHECK(world.caller->ended);
}

TEST_CASE("who came back and left again for good has been waited for in vain") {
  World world(resuming());
  begin(world);
  leave(world);
  resume(world, openai(), "sluice-resume: mine\r\n");
  leave(world);
  CHECK(world.until([&] { return world.targets[0]->ended; }));
  const std::string records = world.records();
  CHECK(records.find("resumed=true") != std::string::npos);
  CHECK(records.find("outcome=ok") == std::string::npos);
}

TEST_CASE("an event that is larger than what is kept of a stream ends the keeping, not the stream") {
  World world(resuming());
  begin(world);
  const size_t most = StreamBounds().max_stream_bytes;
  world.target_says(chunk(openai_frame(std::string(most / 2, 'x'))));
  CHECK(world.streams.bytes() > most / 2);
  const auto first = std::move(world.caller);
  world.target_says(chunk("data: {\"x\":\"" + std::string(most, 'x')));
  CHECK(world.streams.bytes() <= StreamStore::entry_bytes);
  CHECK(resume(world, openai(), "sluice-resume: mine\r\n").status == 410);
  world.target_says(chunk("\"}\n\n") + rest_of_it());
  CHECK(got(first->text).whole);
  CHECK(got(first->text).body.size() > most * 3 / 2);
}

TEST_CASE("a compressed stream is inflated, so that it can be gone on with") {
  World world(resuming());
  world.say(post(openai().path, openai().body, "x-request-id: mine\r\naccept-encoding: gzip\r\n"));
  const std::string frame = openai_frame("One");
  std::string stored(1, '\0');
  for (const size_t size : {frame.size(), ~frame.size()}) {
    stored += static_cast<char>(size & 0xff);
    stored += static_cast<char>(size >> 8 & 0xff);
  }
  world.target_says(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\ntransfer-encoding: "
      "chunked\r\n\r\n" +
      chunk(std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10) + stored + frame));
  CHECK(got(world.caller->text).head.find("content-encoding") == std::string::npos);
  const std::string had = got(world.caller->text).body;
  CHECK(without_ids(had) == frame);
  leave(world);
  CHECK(resume(world, openai(), "sluice-resume: mine\r\n").body == had);
}

TEST_CASE("a stream in a coding that is not known here cannot be gone on with, and says so") {
  const std::string head =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: br\r\ntransfer-encoding: "
      "chunked\r\n\r\n";
  const std::string much(300'000, 'x');
  World world(resuming());
  world.say(post(openai().path, openai().body, "x-request-id: mine\r\naccept-encoding: br\r\n"));
  SECTION("its caller has it") {
    world.target_says(head + chunk(much) + last);
    CHECK(got(world.caller->text).body.size() == much.size());
    CHECK(resume(world, openai(), "sluice-resume: mine\r\n").status == 410);
    CHECK(world.streams.bytes() == StreamStore::entry_bytes);
  }
  SECTION("its caller has left, and nobody is waited for") {
    leave(world);
    resume(world, openai(), "sluice-resume: mine\r\n");
    world.target_says(head + chunk(much));
    CHECK(got(world.caller->text).status == 410);
    CHECK(world.until([&] { return world.targets[0]->ended; }));
    CHECK(world.clock.passed_ms() < 1'000);
  }
}

TEST_CASE("an error answer is not kept for a caller who is there") {
  World world(resuming());
  world.say(post(openai().path, openai().body, "x-request-id: mine\r\n"));
  world.target_says("HTTP/1.1 400 No\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
  CHECK(got(world.caller->text).status == 400);
  CHECK(world.streams.size() == 0);
  CHECK(world.streams.bytes() == 0);
}

TEST_CASE("while it shuts down, nobody is waited for who cannot come any more") {
  World world(resuming());
  begin(world);
  leave(world);
  world.draining = true;
  CHECK(resume(world, openai(), "sluice-resume: mine\r\n").status == 503);
  CHECK(world.until([&] { return world.targets[0]->ended; }));
  CHECK(world.clock.passed_ms() <= 1'100);
  CHECK(world.cells().active_exchanges.get() == 0);
}

TEST_CASE("with drain_on_disconnect it is read to its end, whether somebody comes back or not") {
  config::Config config = resuming(1'000);
  config.models[0].drain_on_disconnect = true;
  World world(config);
  begin(world);
  leave(world);
  world.clock.pass_ms(5'000);
  world.turn();
  CHECK_FALSE(world.targets[0]->ended);
  world.target_says(rest_of_it());
  CHECK(world.cells().active_exchanges.get() == 0);
  CHECK(resume(world, openai(), "sluice-resume: mine; after=2\r\n").body.find("[DONE]") != std::string::npos);
}

TEST_CASE("a resuming request is charged nothing, and may leave its body out") {
  config::Config config = resuming();
  config::CallerKey key;
  key.name = "a";
  key.key = "key-of-a";
  key.limits.requests_per_minute = 1;
  key.limits.burst = 1;
  config.keys = {key};
  World world(config);
  const std::string a = "authorization: Bearer key-of-a\r\n";
  world.say(post(openai().path, openai().body, a + "x-request-id: mine\r\n"));
  world.target_says(sse_head + chunk(openai_frames[0] + openai_frames[1]) + rest_of_it());
  Form empty = openai();
  empty.body = "";
  for (int times = 0; times < 5; ++times) {
    CHECK(resume(world, empty, a + "sluice-resume: mine\r\n").body.find("[DONE]") != std::string::npos);
  }
  CHECK(resume(world, openai(), a).status == 429);
}

TEST_CASE("heartbeats keep a follower's stream alive, are no events, and do not pile up where nobody listens") {
  config::Config config = resuming();
  config.heartbeat_ms = 2'000;
  World world(config);
  begin(world);
  leave(world);
  const size_t bytes = world.streams.bytes();
  world.clock.pass_ms(20'000);
  world.turn();
  CHECK(world.streams.bytes() == bytes);
  resume(world, openai(), "sluice-resume: mine; after=2\r\n");
  CHECK(world.until([&] { return world.caller->has(": keep-alive\n"); }));
  world.target_says(rest_of_it());
  const std::string body = got(world.caller->text).body;
  CHECK(body.find("-3\n\n") != std::string::npos);
  CHECK(body.find(": keep-alive\n\n") == std::string::npos);
}

}  // namespace
}  // namespace sluice::gateway
