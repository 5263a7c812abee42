// Exchanges from a caller's bytes to a target's and back.
#include <catch2/catch.hpp>

#include "world.h"

namespace sluice::gateway {
namespace {

const std::string chat = R"({"model":"fast","messages":[]})";
const std::string answer = R"({"id":"x","model":"real-model-1","usage":{"prompt_tokens":5,"completion_tokens":7}})";
const std::string sse_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

std::string chunk(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}

TEST_CASE("a request goes out renamed and with the provider's credential, and the answer comes back as it is") {
  World world;
  world.say(post(
      "/v1/chat/completions?a=b&key=caller-secret", chat,
      "Authorization: Bearer caller-secret\r\nX-Custom: kept\r\nAccept-Encoding: gzip\r\nX-Forwarded-For: 10.1.1.1\r\n"
      "Connection: x-hop\r\nX-Hop: dropped\r\nOpenAI-Beta: assistants=v2\r\nOpenAI-Organization: org\r\n"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().text ==
        "POST /v1/chat/completions?a=b HTTP/1.1\r\nhost: demo\r\naccept-encoding: identity\r\n"
        "authorization: Bearer provider-secret\r\nContent-Type: application/json\r\nX-Custom: kept\r\n"
        "OpenAI-Beta: assistants=v2\r\ncontent-length: 36\r\n\r\n"
        R"({"model":"real-model","messages":[]})");
  world.target_says(ok_json(answer, "x-request-id: theirs\r\nopenai-version: 2020-10-01\r\nkeep-alive: timeout=5\r\n"));
  CHECK(world.caller->has(
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nopenai-version: 2020-10-01\r\nx-request-id: "));
  CHECK(world.caller->has("sluice-target: lab/real-model\r\nsluice-attempts: 1\r\ncontent-length: "));
  CHECK(world.caller->has("\r\n\r\n" + answer));
  CHECK_FALSE(world.caller->has("keep-alive"));
  const std::string record = world.records();
  for (const char* part : {"model=fast", "target=lab/real-model", "answered_model=real-model-1", "status=200",
                           "outcome=ok", "input_tokens=5", "output_tokens=7", "target_request_id=theirs"}) {
    INFO(record);
    CHECK(record.find(part) != std::string::npos);
  }
  CHECK(record.find("secret") == std::string::npos);
  CHECK(world.cells().active_exchanges.get() == 0);
}

TEST_CASE("the next request takes the pooled connection; one that died there is replaced once") {
  World world;
  for (int i = 0; i < 3; ++i) {
    world.say(post("/v1/chat/completions", chat));
    world.target_says(ok_json(answer));
  }
  CHECK(world.targets.size() == 1);
  CHECK(world.pools.reused_total == 2);
  world.say(post("/v1/chat/completions", chat));
  world.caller->text.clear();
  world.target().stream.reset();  // hangs up before any byte of an answer
  world.turn();
  REQUIRE(world.targets.size() == 2);
  CHECK(world.target().has(R"({"model":"real-model","messages":[]})"));
  world.target().stream.reset();  // the second time it counts as the target's failure
  world.turn();
  CHECK(world.targets.size() == 2);
  CHECK(world.caller->has("HTTP/1.1 502 Bad Gateway"));
  CHECK(world.caller->has("lab/real-model"));
}

TEST_CASE("usage is asked for on a stream, and its chunk kept from a caller who did not ask") {
  World world;
  const std::string usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
  const std::string text = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
  world.say(post("/v1/chat/completions", R"({"model":"fast","stream":true})"));
  CHECK(world.target().has(R"({"stream_options":{"include_usage":true},"model":"real-model","stream":true})"));
  world.target_says(sse_head + chunk(text));
  CHECK(world.caller->has(chunk(text)));  // immediately
  CHECK(world.cells().active_streams.get() == 1);
  world.target_says(chunk(usage) + chunk("data: [DONE]\n\n") + "0\r\n\r\n");
  CHECK_FALSE(world.caller->has("\"usage\""));
  CHECK(world.caller->has("data: [DONE]\n\n\r\n0\r\n\r\n"));
  CHECK(world.cells().active_streams.get() == 0);
  CHECK(world.records().find("input_tokens=1 output_tokens=2") != std::string::npos);

  world.caller->text.clear();
  world.say(post("/v1/chat/completions", R"({"model":"fast","stream":true,"stream_options":{"include_usage":true}})"));
  world.target_says(sse_head + chunk(text) + chunk(usage) + chunk("data: [DONE]\n\n") + "0\r\n\r\n");
  CHECK(world.caller->has(usage));
}

TEST_CASE("a stream says that no proxy is to hold it back, a stream that is one JSON array too") {
  World world;
  for (const auto& [verb, told] : {std::pair("streamGenerateContent", true), std::pair("generateContent", false)}) {
    world.caller->text.clear();
    world.say(post(std::string("/v1beta/models/fast:") + verb, R"({"contents":[]})"));
    world.target_says(ok_json("[" + std::string(any_answer) + "]"));
    INFO(world.caller->text);
    CHECK(world.caller->has("HTTP/1.1 200 OK\r\n"));
    CHECK(world.caller->has("\r\nx-accel-buffering: no\r\n") == told);
  }
}

TEST_CASE("a stream that is cut ends in an error event and never in a clean end") {
  World world;
  world.say(post("/v1/chat/completions", R"({"model":"fast","stream":true})"));
  world.target_says(sse_head + chunk("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"));
  world.target().stream.reset();
  world.turn();
  CHECK(world.caller->has("\"error\""));
  CHECK_FALSE(world.caller->has("\r\n0\r\n\r\n"));
  CHECK(world.caller->ended);
  CHECK(world.records().find("outcome=target_cut") != std::string::npos);
}

TEST_CASE("a plain answer that is cut is asked for again, and no part of it is shown") {
  config::Config config = World::plain_config();
  config.models[0].retry.attempts = 2;
  World world(config);
  world.say(post("/v1/chat/completions", chat));
  for (size_t attempt = 1; attempt <= 2; ++attempt) {
    REQUIRE(world.until([&] { return world.targets.size() == attempt; }));
    world.turn();
    world.target_says("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"half\":");
    world.target().stream.reset();
    world.turn();
  }
  CHECK(world.until([&] { return world.caller->has("HTTP/1.1 502 "); }));
  CHECK(world.caller->has("sluice-attempts: 2\r\n"));
  CHECK_FALSE(world.caller->has("half"));
  CHECK(world.records().find("outcome=target_cut") != std::string::npos);
}

TEST_CASE("a plain answer that is larger than what is held closes the connection short of its length when it is cut") {
  World world;
  world.say(post("/v1/chat/completions", chat));
  const size_t size = 3 << 20;
  world.target_says("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(size) +
                    "\r\n\r\n\"" + std::string(2 << 20, 'x'));
  world.turn(500);
  world.target().stream.reset();
  world.turn(500);
  CHECK(world.caller->ended);
  CHECK(world.caller->has("content-length: " + std::to_string(size)));
  CHECK(world.caller->text.ends_with("xxxx"));
}

TEST_CASE("an answer that ends by close is whole only if it says so itself") {
  World world;
  world.say(post("/v1/chat/completions", chat));
  world.target_says("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + answer);
  world.target().stream.reset();
  world.turn();
  CHECK(world.caller->text.ends_with("\r\n0\r\n\r\n"));

  World cut;
  cut.say(post("/v1/chat/completions", chat));
  cut.target_says("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"half\":");
  cut.target().stream.reset();
  cut.turn();
  CHECK(cut.caller->has("HTTP/1.1 502 "));
  CHECK_FALSE(cut.caller->has("half"));
}

TEST_CASE("a caller that leaves cancels its attempt") {
  World world;
  world.say(post("/v1/chat/completions", chat));
  REQUIRE(world.targets.size() == 1);
  world.caller->stream.reset();
  world.turn(4);
  CHECK(world.target().ended);
  CHECK(world.cells().active_exchanges.get() == 0);
  CHECK(world.pools.open == 0);
  const std::string record = world.records();
  INFO(record);
  CHECK(record.find("status=499 outcome=caller_gone") != std::string::npos);
}

TEST_CASE("a slow caller stops the reading of its target") {
  World world;
  world.say(post("/v1/chat/completions", chat));
  world.caller->stream->stop_reading();
  const size_t size = 4 << 20;
  world.target_says("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(size) +
                    "\r\n\r\n");
  world.target_says(std::string(size, ' '));
  world.turn(500);
  CHECK(world.target().stream->pending_bytes() > size - (2 << 20));  // the bytes wait at the target
  world.caller->stream->start_reading();
  world.turn(1000);
  CHECK(world.caller->text.size() > size);
  CHECK(world.target().stream->pending_bytes() == 0);
}

TEST_CASE("an upload is passed on while it arrives, its model renamed, with back-pressure") {
  World world;
  const std::string head =
      "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nfast\r\n--b\r\n"
      "content-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
  const std::string file(2 << 20, 'f');
  const std::string tail = "\r\n--b--\r\n";
  const size_t size = head.size() + file.size() + tail.size();
  world.say(
      "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: s\r\nContent-Type: multipart/form-data; boundary=b\r\n"
      "Content-Length: " +
      std::to_string(size) + "\r\n\r\n" + head);
  REQUIRE(world.targets.size() == 1);  // before the file has arrived
  CHECK(world.target().has("content-length: " + std::to_string(size + 6)));
  CHECK(world.target().has("\r\n\r\nreal-model\r\n--b"));
  world.target().stream->stop_reading();
  world.say(file);
  world.turn(300);
  CHECK(world.caller->stream->pending_bytes() > (1 << 20));  // the bytes wait at the caller
  world.target().stream->start_reading();
  world.say(tail);
  world.turn(1000);
  CHECK(world.target().text.ends_with(file + tail));
  world.target_says(ok_json(R"({"text":"hm"})"));
  CHECK(world.caller->has(R"({"text":"hm"})"));
}

TEST_CASE("an upload that is here before the connection is made is sent once it is") {
  World world;
  const std::string body =
      "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nfast\r\n--b\r\n"
      "content-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n" +
      std::string(150000, 'f') + "\r\n--b--\r\n";
  world.say(post("/v1/audio/transcriptions", body));
  CHECK(world.caller->has("HTTP/1.1 400 "));  // JSON is not multipart
  world.connect();
  world.say(
      "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: s\r\nContent-Type: multipart/form-data; boundary=b\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  REQUIRE(world.targets.size() == 1);
  world.turn(300);
  CHECK(world.target().text.ends_with(std::string(150000, 'f') + "\r\n--b--\r\n"));
}

TEST_CASE("a caller's own credential goes on where the provider wants it, a key of sluice's never") {
  config::Config config = World::plain_config();
  config.providers[0].caller_key = true;
  config.keys.resize(1);
  config.keys[0].name = "team";
  config.keys[0].key = "caller-secret";
  struct Row {
    std::string query, fields;
    bool theirs;  // "their-token" is forwarded
  };
  for (const Row& row :
       std::vector<Row>{{"", "x-api-key: caller-secret\r\nAuthorization: Bearer their-token\r\n", true},
                        {"?key=caller-secret", "Authorization: Bearer their-token\r\n", true},
                        {"?key=their-token", "x-api-key: caller-secret\r\n", true},
                        {"", "Authorization: Bearer caller-secret\r\n", false}}) {
    World world(config);
    world.say(post("/v1/chat/completions" + row.query, chat, row.fields));
    INFO(row.query << row.fields);
    REQUIRE(world.targets.size() == 1);
    CHECK_FALSE(world.target().has("caller-secret"));
    CHECK(world.target().has("their-token") == row.theirs);
  }
}

TEST_CASE("a POST without a body says so to the target") {
  World world;
  world.say("POST /v1/responses/r1/cancel HTTP/1.1\r\nHost: s\r\n\r\n");
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().text.starts_with("POST /v1/responses/r1/cancel HTTP/1.1\r\n"));
  CHECK(world.target().has("content-length: 0\r\n"));
}

TEST_CASE("every refusal is in the caller's dialect and names what to do") {
  struct Row {
    std::string request;
    int status;
    std::string part;
  };
  const std::string cut_json = R"({"model":"fast")";
  const std::vector<Row> rows = {
      {post("/v1/chat/completions", cut_json), 400, R"("type":"invalid_request_error")"},
      {post("/v1/chat/completions", R"({"model":"nope"})"), 404, "any model can be named as provider/model"},
      {post("/v1/messages", R"({"model":"nope"})"), 404, R"({"type":"error","error":{"type":"not_found_error")"},
      {post("/v1beta/models/nope:generateContent", "{}"), 404, R"("status":"NOT_FOUND")"},
      {post("/api/chat", R"({"model":"nope"})"), 404, R"({"error":")"},
      {post("/v1/nothing", "{}"), 404, "unknown path"},
      {"GET /v1/embeddings HTTP/1.1\r\nHost: s\r\n\r\n", 405, "allow: POST\r\n"},
      {"POST /v1/chat/completions HTTP/1.1\r\nHost: s\r\n\r\n", 411, "Content-Length"},
      {post("/v1/chat/completions", chat, "Content-Encoding: br\r\n"), 415, "gzip"},
      {"GET /v1/responses HTTP/1.1\r\nHost: s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 426, "POST"},
      {"HEAD /v1/chat/completions HTTP/1.1\r\nHost: s\r\n\r\n", 200, "allow: POST, GET\r\n"},
  };
  for (const Row& row : rows) {
    World world;
    world.say(row.request);
    INFO(row.request << "\n" << world.caller->text);
    CHECK(world.caller->has("HTTP/1.1 " + std::to_string(row.status) + " "));
    CHECK(world.caller->has(row.part));
    CHECK(world.caller->has("x-request-id: "));
    CHECK(world.targets.empty());
  }
}

TEST_CASE("keys are asked for, and hold their models") {
  config::Config config = World::plain_config();
  config.keys.resize(1);
  config.keys[0].name = "team";
  config.keys[0].key = "caller-secret";
  config.keys[0].models = {"fast"};
  struct Row {
    std::string fields, model;
    int status;  // 0: forwarded to the target
  };
  for (const Row& row : std::vector<Row>{{"", "fast", 401},
                                         {"Authorization: Bearer wrong\r\n", "fast", 401},
                                         {"Authorization: Bearer caller-secret\r\n", "fast", 0},
                                         {"x-api-key: caller-secret\r\n", "fast", 0},
                                         {"api-key: caller-secret\r\n", "fast", 0},
                                         {"x-goog-api-key: caller-secret\r\n", "fast", 0},
                                         {"Authorization: Bearer caller-secret\r\n", "lab/other", 403}}) {
    World world(config);
    world.say(post("/v1/chat/completions", R"({"model":")" + row.model + R"("})", row.fields));
    INFO(row.fields << row.model << "\n" << world.caller->text);
    if (row.status == 0) {
      REQUIRE(world.targets.size() == 1);
      CHECK_FALSE(world.target().has("caller-secret"));
    } else {
      CHECK(world.caller->has("HTTP/1.1 " + std::to_string(row.status) + " "));
      CHECK_FALSE(world.caller->has("secret"));
    }
  }
}

TEST_CASE("a target that is silent, or stalls in a stream, is given up in its time") {
  config::Config config = World::plain_config();
  config.providers[0].timeouts = {1000, 100, 150, 100};
  {
    World world(config);
    world.say(post("/v1/chat/completions", chat));
    CHECK(world.until([&] { return world.caller->has("HTTP/1.1 504 "); }));
    CHECK(world.caller->has("150 ms"));
  }
  {
    World world(config);
    world.say(post("/v1/chat/completions", R"({"model":"fast","stream":true})"));
    CHECK(world.until([&] { return world.caller->has("HTTP/1.1 504 "); }));
    CHECK(world.caller->has("100 ms"));
  }
  {
    World world(config);
    world.say(post("/v1/chat/completions", R"({"model":"fast","stream":true})"));
    world.target_says(sse_head +
                      chunk("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"));
    CHECK(world.until([&] { return world.caller->has("HTTP/1.1 504 "); }));  // a role alone is no output
    CHECK(world.caller->has("100 ms"));
  }
  {
    World world(config);
    world.say(post("/v1/chat/completions", R"({"model":"fast","stream":true})"));
    world.target_says(sse_head + chunk("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"));
    CHECK(world.until([&] { return world.caller->ended; }));
    CHECK(world.caller->has("stalled"));
  }
}

TEST_CASE("at max_connections requests wait their turn, and the queue is bounded") {
  config::Config config = World::plain_config();
  config.providers[0].max_connections = 1;
  config.limits.queue = 1;
  World world(config);
  world.say(post("/v1/chat/completions", chat));
  const auto first = std::move(world.caller);
  world.connect();
  world.say(post("/v1/chat/completions", chat));
  const auto second = std::move(world.caller);
  CHECK(world.pools.waiting == 1);
  world.connect();
  world.say(post("/v1/chat/completions", chat));
  CHECK(world.until([&] { return world.caller->has("HTTP/1.1 503 "); }));
  CHECK(world.caller->has("retry-after: "));
  CHECK(world.targets.size() == 1);
  world.target_says(ok_json(answer));
  CHECK(first->has(answer));
  world.target_says(ok_json(answer));
  CHECK(second->has(answer));
  CHECK(world.targets.size() == 1);
  CHECK(world.pools.waiting == 0);
}

TEST_CASE("a compressed request body is inflated within the limit") {
  config::Config config = World::plain_config();
  config.limits.body_bytes = 64;
  // gzip of {"model":"fast"}
  const std::string packed(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\xca\xcd\x4f\x49\xcd\x51"
      "\xb2\x52\x4a\x4b\x2c\x2e\x51\xaa\x05\x00\xd4\xde\x4e\xa3\x10\x00\x00\x00",
      36);
  World world(config);
  world.say(post("/v1/chat/completions", packed, "Content-Encoding: gzip\r\n"));
  INFO(world.caller->text);
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().text.ends_with(R"({"model":"real-model"})"));
  CHECK_FALSE(world.target().has("gzip"));
}

TEST_CASE("while draining, new requests get 503 and are told to close") {
  World world;
  world.draining = true;
  world.connections->drain();
  world.connect();
  world.say(post("/v1/chat/completions", chat));
  CHECK(world.caller->has("HTTP/1.1 503 "));
  CHECK(world.caller->has("connection: close\r\n"));
  CHECK(world.caller->has("retry-after: 1\r\n"));
}

}  // namespace
}  // namespace sluice::gateway
