// Callers who go on with a stream after their connection broke (`resume_s`).
#include <catch2/catch.hpp>
#include <optional>
#include <vector>

#include "world.h"

namespace sluice::gateway {
namespace {

const std::string sse_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
constexpr uint32_t patience_ms = 30'000;

std::string chunk(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}
const std::string last = "0\r\n\r\n";

// What a caller has of an answer.
struct Got {
  int status = 0;
  std::string head, body;
  bool whole = false;
};
Got got(std::string_view text) {
  Got answer;
  const size_t end = text.find("\r\n\r\n");
  if (end == text.npos) return answer;
  answer.head = text.substr(0, end + 2);
  answer.status = std::stoi(answer.head.substr(9, 3));
  text.remove_prefix(end + 4);
  if (answer.head.find("transfer-encoding: chunked") == std::string::npos) {
    answer.body = text;
    answer.whole = true;
    return answer;
  }
  while (!text.empty()) {
    const size_t line = text.find("\r\n");
    if (line == text.npos) break;
    const size_t size = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
    text.remove_prefix(line + 2);
    if (size == 0) answer.whole = text.starts_with("\r\n");
    if (size == 0) break;
    answer.body += text.substr(0, size);
    text.remove_prefix(std::min(text.size(), size + 2));
  }
  return answer;
}

struct Form {
  const char* what;
  Dialect dialect;
  std::string path, body, head;
  std::vector<std::string> frames;  // as the target sends them
  bool has_ids = true;
};

std::string openai_frame(std::string_view text) {
  return R"(data: {"id":"c","choices":[{"index":0,"delta":{"content":")" + std::string(text) + "\"}}]}\n\n";
}
const std::vector<std::string> openai_frames = {
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    openai_frame("One"),
    openai_frame(" two"),
    openai_frame(" three"),
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n"};
const std::string openai_body = R"({"model":"fast","stream":true,"messages":[{"role":"user","content":"hi"}]})";
const std::string gemini_frame =
    R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"Hi ]}\"["}]}}]})";
const std::string gemini_stop =
    R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"."}]},"finishReason":"STOP"}]})";

std::vector<Form> forms() {
  return {
      {"openai", Dialect::openai, "/v1/chat/completions", openai_body, sse_head, openai_frames},
      {"openai, CRLF and comments",
       Dialect::openai,
       "/v1/chat/completions",
       openai_body,
       sse_head,
       {": begins\r\n\r\ndata: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"One\"}}]}\r\n\r\n",
        ": still there\r\n\r\n: and so\r\ndata: "
        "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n",
        "data: [DONE]\r\n\r\n"}},
      {"anthropic",
       Dialect::anthropic,
       "/v1/messages",
       R"({"model":"fast","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})",
       sse_head,
       {"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
        "\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}"
        "\n\n",
        "event: ping\ndata: {\"type\": \"ping\"}\n\nevent: content_block_start\ndata: "
        "{\"type\":\"content_block_start\","
        "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
        "\"text_delta\",\"text\":\"Oui\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
        "\"usage\":{\"output_tokens\":4}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"}},
      {"gemini, events",
       Dialect::gemini,
       "/v1beta/models/fast:streamGenerateContent?alt=sse",
       R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})",
       sse_head,
       {"data: " + gemini_frame + "\r\n\r\n", "data: " + gemini_stop + "\r\n\r\n"},
       false},
      {"gemini, an array",
       Dialect::gemini,
       "/v1beta/models/fast:streamGenerateContent",
       R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})",
       "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
       {"[" + gemini_frame, ",\r\n" + gemini_frame, "\n,\r\n" + gemini_stop, "\r\n]"},
       false},
      {"ollama",
       Dialect::ollama,
       "/api/chat",
       R"({"model":"fast","messages":[{"role":"user","content":"hi"}]})",
       "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n",
       {"{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"done\":false}\n",
        "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"!\"},\"done\":false}\n",
        "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}"
        "\n"},
       false},
  };
}

std::string joined(const std::vector<std::string>& frames) {
  std::string all;
  for (const std::string& frame : frames) all += frame;
  return all;
}

config::Config resuming(uint32_t resume_ms = patience_ms) {
  config::Config config = World::plain_config();
  config.models[0].resume_ms = resume_ms;
  config.heartbeat_ms = 0;
  return config;
}

void leave(World& world) {
  world.caller->stream.reset();
  world.turn();
}

// A new caller goes on with it. What it is sent from then on is in world.caller.
Got resume(World& world, const Form& form, std::string_view fields) {
  world.connect();
  world.say(post(form.path, form.body, fields));
  return got(world.caller->text);
}

// The place of the last whole frame that a caller has: how many bytes are behind it, and the fields that go on there.
struct Place {
  size_t bytes = 0;
  std::string fields;
};
// As a reader of events has it (WHATWG HTML 9.2.6), which drops what is not whole.
Place place_by_id(std::string_view body) {
  Place place;
  std::string id;
  for (size_t at = 0, end = 0; (end = body.find('\n', at)) != body.npos; at = end + 1) {
    std::string_view line = body.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("id: ")) id = line.substr(4);
    if (!line.empty() || id.empty()) continue;  // pings have none, and may come again
    place.bytes = end + 1;
    place.fields = "last-event-id: " + id + "\r\n";
    id.clear();
  }
  return place;
}
// As a program that counts has it. `ends`: of the frames, in the whole body.
Place place_by_count(const std::vector<size_t>& ends, size_t arrived, const std::string& request_id) {
  Place place;
  size_t count = 0;
  while (count < ends.size() && ends[count] <= arrived) place.bytes = ends[count++];
  place.fields = "sluice-resume: " + request_id + "; after=" + std::to_string(count) + "\r\n";
  return place;
}
std::vector<size_t> ends_of(const Form& form) {
  std::vector<size_t> ends;
  size_t end = 0;
  for (const std::string& frame : form.frames) ends.push_back(end += frame.size());
  if (form.dialect == Dialect::gemini && form.frames.front().starts_with('[')) ends.pop_back();  // a bracket is none
  return ends;
}

std::string request_id_of(const Got& answer) {
  const size_t at = answer.head.find("x-request-id: ");
  return answer.head.substr(at + 14, answer.head.find("\r\n", at) - at - 14);
}

// Without the lines that are ours, and what we leave out with them.
std::string without_ids(std::string body) {
  for (size_t at = 0; (at = body.find("id: sluice-")) != body.npos;) body.erase(at, body.find('\n', at) + 1 - at);
  return body;
}

TEST_CASE("a stream that is cut anywhere and gone on with is the whole stream") {
  for (const Form& form : forms()) {
    INFO(form.what);
    World world(resuming());
    world.say(post(form.path, form.body));
    world.target_says(form.head + chunk(joined(form.frames)) + last);
    const Got whole = got(world.caller->text);
    REQUIRE(whole.whole);
    REQUIRE(whole.status == 200);
    if (form.has_ids) {
      CHECK(whole.body.find("id: sluice-") != std::string::npos);
    } else {
      CHECK(whole.body == joined(form.frames));
    }
    const std::string id = request_id_of(whole);
    for (size_t arrived = 0; arrived <= whole.body.size(); ++arrived) {
      const Place place = form.has_ids ? place_by_id(std::string_view(whole.body).substr(0, arrived))
                                       : place_by_count(ends_of(form), arrived, id);
      const std::string fields = place.fields.empty() ? "sluice-resume: " + id + "\r\n" : place.fields;
      const Got rest = resume(world, form, fields);
      INFO(arrived << " bytes had arrived; " << fields);
      CHECK(rest.status == 200);
      CHECK(rest.whole);
      CHECK(whole.body.substr(0, place.bytes) + rest.body == whole.body);
      CHECK(request_id_of(rest) == id);
    }
    CHECK(world.targets.size() == 1);
    CHECK(world.streams.size() == 1);
    CHECK(world.context->users == 0);
  }
}

TEST_CASE("whatever of a stream had come when the caller's connection broke, the rest is what comes later") {
  for (const Form& form : forms()) {
    const std::string all = joined(form.frames);
    std::string whole;
    for (size_t came = 0; came <= all.size(); came += form.dialect == Dialect::openai ? 1 : 5) {
      for (const bool waits : {false, true}) {
        INFO(form.what << ": " << came << " bytes had come" << (waits ? ", and somebody waits for more" : ""));
        World world(resuming());
        world.say(post(form.path, form.body, "x-request-id: mine\r\n"));
        const std::string_view first = std::string_view(all).substr(0, came);
        world.target_says(form.head + (first.empty() ? "" : chunk(first)));
        const std::string had = got(world.caller->text).body;
        leave(world);
        CHECK_FALSE(world.targets[0]->ended);
        Place place = place_by_id(had);
        if (!form.has_ids) place = place_by_count(ends_of(form), had.size(), "mine");
        if (place.fields.empty()) place.fields = "sluice-resume: mine\r\n";
        const std::string rest = (came < all.size() ? chunk(all.substr(came)) : "") + last;
        if (waits) resume(world, form, place.fields);
        world.target_says(rest);
        if (!waits) resume(world, form, place.fields);
        const Got more = got(world.caller->text);
        CHECK(more.whole);
        std::string joint = had.substr(0, place.bytes) + more.body;
        const size_t tag = joint.find("sluice-");
        if (tag != std::string::npos && whole.empty()) whole = joint;
        CHECK(without_ids(joint) == without_ids(whole.empty() ? all : whole));
        CHECK(world.targets.size() == 1);
        CHECK(world.cells().active_exchanges.get() == 0);
        CHECK(world.cells().active_streams.get() == 0);
        CHECK(world.context->users == 0);
      }
    }
  }
}

const Form& openai() {
  static const Form form = forms().front();
  return form;
}
// One that has begun with two frames, and whose caller has x-request-id "mine".
void begin(World& world) {
  world.say(post(openai().path, openai().body, "x-request-id: mine\r\n"));
  world.target_says(sse_head + chunk(openai_frames[0] + openai_frames[1]));
  REQUIRE(got(world.caller->text).status == 200);
}
std::string rest_of_it() {
  return chunk(openai_frames[2] + openai_frames[3] + openai_frames[4] + openai_frames[5]) + last;
}

int64_t resumes(World& world, observe::ResumeOutcome outcome) {
  return world.cells().resumes[static_cast<size_t>(outcome)].get();
}

TEST_CASE("without resume_s a stream has no ids, and nothing of it is kept") {
  World world(resuming(0));
  begin(world);
  CHECK(got(world.caller->text).body == openai_frames[0] + openai_frames[1]);
  leave(world);
  CHECK(world.targets[0]->ended);
  CHECK(world.streams.size() == 0);
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
    CHECK(first->text == before);  // and the stream's own caller is not disturbed
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
  const auto plain = [](std::string text) {  // but for the ids
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
  CHECK(world.connections->size() == 2);  // one of them nobody's, with the answer
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
  for (const bool before : {true, false}) {  // the caller leaves before, or behind, the target's end
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
  CHECK(gone.body.find("ask anew") != std::string::npos);
  CHECK(resumes(world, observe::ResumeOutcome::gone) == 1);
  CHECK(resume(world, openai(), "sluice-resume: mine; after=42\r\n").status == 200);
  CHECK(world.streams.bytes() <= 4 * (StreamStore::entry_bytes + 6 * (openai_frame("x").size() + 100)) / 4);
  world.target_says(chunk(many));
  CHECK_FALSE(got(world.caller->text).whole);  // forty at once are more than are kept
  CHECK(world.caller->has("\"error\""));
  CHECK(world.caller->ended);
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
