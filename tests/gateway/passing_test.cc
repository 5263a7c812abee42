// Requests without a model that are relayed as they are: files, batches, a provider's whole API.
#include <catch2/catch.hpp>

#include "gateway/upload_ticket.h"
#include "gateway/world.h"

namespace sluice::gateway {
namespace {

std::string ask(std::string_view method, std::string_view path, std::string_view more = "",
                std::string_view body = "") {
  std::string text(method);
  ((text += ' ') += path) += " HTTP/1.1\r\nHost: gate:8000\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  (text += more) += "\r\n";
  return text += body;
}

config::Config two_providers() {
  config::Config config = World::plain_config();
  config.providers.push_back(config.providers.front());
  config.providers.back().name = "attic";
  config.providers.back().base_url.host = "attic.test";
  config.keys.resize(3);
  config.keys[0].name = "free";
  config.keys[0].key = "free-key";
  config.keys[1].name = "held";
  config.keys[1].key = "held-key";
  config.keys[1].models = {"fast", "attic/*"};
  config.keys[2].name = "ops";
  config.keys[2].key = "ops-key";
  config.keys[2].manage = true;
  return config;
}

const std::string free_key = "Authorization: Bearer free-key\r\n", held_key = "Authorization: Bearer held-key\r\n",
                  ops_key = "Authorization: Bearer ops-key\r\n";

TEST_CASE("a file is asked for without a model, and counted by a name of the table") {
  World world;
  world.say(ask("DELETE", "/v1/files/file-1?purpose=x&api-version=2", "Range: bytes=0-9\r\n"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().text.starts_with("DELETE /v1/files/file-1?purpose=x&api-version=2 HTTP/1.1\r\n"));
  CHECK(world.target().has("Range: bytes=0-9\r\n"));
  CHECK_FALSE(world.target().has("content-length"));
  world.target_says(
      "HTTP/1.1 206 Partial Content\r\nContent-Type: text/html\r\nContent-Range: bytes 0-9/20\r\n"
      "Content-Length: 10\r\n\r\n0123456789");
  CHECK(world.caller->has("HTTP/1.1 206 "));
  CHECK(world.caller->has("Content-Range: bytes 0-9/20\r\n"));
  CHECK(world.caller->text.ends_with("\r\n\r\n0123456789"));
  CHECK(world.records().find("route=files") != std::string::npos);
}

TEST_CASE("what is known of streams does not hold where nothing is read: the framing ends it") {
  for (const char* type : {"text/event-stream", "application/x-ndjson", "application/json"}) {
    World world;
    world.say(ask("POST", "/v1/threads/t/runs", "", "{\"stream\":true}"));
    world.target_says("HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
                      "\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ndata: {\r\n0\r\n\r\n");
    INFO(type << world.caller->text);
    CHECK(world.caller->text.ends_with("7\r\ndata: {\r\n0\r\n\r\n"));
  }
}

TEST_CASE("a large body goes on as it arrives, with its length or in chunks, and is not held") {
  const std::string part(100'000, 'x');
  for (const bool chunked : {false, true}) {
    config::Config config = World::plain_config();
    config.limits.body_bytes = 1000;
    World world(config);
    world.say("POST /v1/files HTTP/1.1\r\nHost: s\r\nContent-Encoding: gzip\r\n" +
              std::string(chunked ? "Transfer-Encoding: chunked" : "Content-Length: 20000000") + "\r\n\r\n");
    uint64_t max_held = 0;
    for (int i = 0; i < 200; ++i) {
      world.say(chunked ? "186a0\r\n" + part + "\r\n" : part);
      max_held = std::max(max_held, world.buffers.used());
    }
    if (chunked) world.say("0\r\n\r\n");
    REQUIRE(world.targets.size() == 1);
    CHECK(max_held < 4'000'000);
    const std::string& sent = world.target().text;
    CHECK(sent.find("Content-Encoding: gzip\r\n") != std::string::npos);
    CHECK(std::count(sent.begin(), sent.end(), 'x') == 20'000'000);
    CHECK(sent.find(chunked ? "transfer-encoding: chunked\r\n" : "content-length: 20000000\r\n") != std::string::npos);
    CHECK(sent.ends_with(chunked ? "\r\n0\r\n\r\n" : "xxxx"));
    world.target_says(ok_json(R"({"id":"file-1"})"));
    CHECK(world.caller->has("200 OK"));
    CHECK(world.buffers.used() == 0);
  }
}

TEST_CASE("other bodies are still held to the limit, however they come") {
  config::Config config = World::plain_config();
  config.limits.body_bytes = 64;
  for (const std::string& request :
       {post("/v1/chat/completions", std::string(100, ' ')),
        "POST /v1/chat/completions HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" +
            std::string(100, ' ') + "\r\n0\r\n\r\n"}) {
    World world(config);
    world.say(request);
    CHECK(world.caller->has("HTTP/1.1 413 "));
    CHECK(world.targets.empty());
  }
}

TEST_CASE("a small body is whole before it is sent, so that it can be sent again") {
  World world;
  world.say(ask("GET", "/v1/batches"));
  world.target_says(ok_json(any_answer));
  world.say(ask("POST", "/v1/batches", "", R"({"input_file_id":"f"})"));
  REQUIRE(world.targets.size() == 1);
  world.target().stream.reset();
  world.turn();
  REQUIRE(world.targets.size() == 2);
  CHECK(world.target().text.ends_with(R"({"input_file_id":"f"})"));
}

TEST_CASE("a provider named by the path gets whatever it is, below its base URL") {
  config::Config config = two_providers();
  config.providers[1].base_url.path = "/base/v1";
  World world(config);
  world.say(ask("PATCH", "/providers/attic/any/thing?x=1", free_key, "{}"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().text.starts_with("PATCH /base/v1/any/thing?x=1 HTTP/1.1\r\n"));
  world.target_says(ok_json(any_answer, "x-goog-upload-url: https://attic.test/base/v1/upload/y?id=1\r\n"));
  CHECK(world.caller->has("sluice-target: attic\r\n"));
  world.say(ask("GET", "/providers/attic/v1/any", free_key));
  CHECK(world.target().has("GET /base/v1/any HTTP/1.1\r\n"));
  world.target_says(ok_json(any_answer));
  world.say(ask("GET", "/providers/attic/infill", free_key));
  CHECK(world.target().has("GET /base/infill HTTP/1.1\r\n"));
  world.target_says(ok_json(any_answer));
  const std::string records = world.records();
  CHECK(records.find("route=provider") != std::string::npos);
}

TEST_CASE("an address at the target becomes one here") {
  config::Config config = World::plain_config();
  config.providers[0].name = "gemini";
  World world(config);
  world.say(ask("POST", "/upload/v1beta/files", "X-Goog-Upload-Command: start\r\n", "{}"));
  REQUIRE(world.targets.size() == 1);
  world.target_says(ok_json(any_answer, "X-Goog-Upload-URL: https://lab.test/upload/v1beta/files?upload_id=7\r\n"));
  INFO(world.caller->text);
  CHECK(world.caller->has("x-goog-upload-url: http://gate:8000/providers/gemini/upload/v1beta/files?upload_id=7\r\n"));
  CHECK_FALSE(world.caller->has("https://lab.test"));
}

TEST_CASE("who may use a path without a model, and which provider answers") {
  struct Row {
    std::string_view path;
    std::string key;
    int status;  // 0: it is forwarded
    std::string_view target;
  };
  for (const Row& row : std::vector<Row>{{"/v1/files", free_key, 0, "lab"},
                                         {"/v1/files", held_key, 0, "attic"},
                                         {"/v1/files", "", 401, ""},
                                         {"/providers/attic/files", held_key, 0, "attic"},
                                         {"/providers/lab/files", held_key, 403, ""},
                                         {"/providers/none/files", held_key, 403, ""},
                                         {"/providers/none/files", free_key, 404, ""},
                                         {"/providers/none/files", "", 401, ""},
                                         {"/providers/lab/files", "", 401, ""},
                                         {"/api/pull", free_key, 403, ""},
                                         {"/api/pull", ops_key, 0, "lab"},
                                         {"/providers/lab/api/pull", free_key, 403, ""},
                                         {"/providers/lab/api/pull", ops_key, 0, "lab"},
                                         {"/v1/organization/users", ops_key, 403, ""},
                                         {"/providers/lab/v1/organization/users", ops_key, 403, ""},
                                         {"/v1/files/..%2fmodels", free_key, 400, ""}}) {
    World world(two_providers());
    world.say(ask("POST", row.path, row.key, "{}"));
    INFO(row.path << " " << row.key << world.caller->text);
    CHECK(world.targets.size() == (row.status == 0 ? 1 : 0));
    if (row.status != 0) {
      CHECK(world.caller->has("HTTP/1.1 " + std::to_string(row.status) + " "));
      continue;
    }
    world.target_says(ok_json(any_answer));
    CHECK(world.caller->has("sluice-target: " + std::string(row.target) + "\r\n"));
  }
}

TEST_CASE("without keys a provider is managed from this machine only") {
  World near;
  near.say(ask("DELETE", "/api/delete", "", R"({"model":"x"})"));
  REQUIRE(near.targets.size() == 1);
  CHECK(near.target().has("DELETE /api/delete HTTP/1.1\r\n"));
  CHECK(near.target().text.ends_with(R"({"model":"x"})"));
  World far;
  far.say(ask("DELETE", "/api/delete", "X-Forwarded-For: 10.0.0.1\r\n", R"({"model":"x"})"));
  CHECK(far.caller->has("HTTP/1.1 403 "));
  CHECK(far.caller->has("\\\"manage\\\": true"));
}

TEST_CASE("a websocket's path is answered with 426, known or not") {
  for (const char* path :
       {"/v1/realtime?model=x", "/ws/google.Bidi", "/v1/responses", "/providers/lab/x", "/nothing"}) {
    World world;
    world.say(ask("GET", path, "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    INFO(path << world.caller->text);
    CHECK(world.caller->has("HTTP/1.1 426 "));
    CHECK(world.targets.empty());
  }
}

TEST_CASE("a deployment in the path is the model's name") {
  struct Row {
    std::string_view body;
    int status;
    std::string_view sent;
  };
  for (const Row& row : {Row{R"({"messages":[]})", 0, R"({"model":"real-model","messages":[]})"},
                         Row{R"({"model":"fast","n":1})", 0, R"({"model":"real-model","n":1})"},
                         Row{"{}", 0, R"({"model":"real-model"})"}, Row{R"({"model":"other"})", 400, ""}}) {
    World world;
    world.say(post("/openai/deployments/fast/chat/completions?api-version=2024-10-21&x=1", row.body));
    INFO(row.body << world.caller->text);
    if (row.status != 0) {
      CHECK(world.caller->has("HTTP/1.1 400 "));
      continue;
    }
    REQUIRE(world.targets.size() == 1);
    CHECK(world.target().text.starts_with("POST /v1/chat/completions?x=1 HTTP/1.1\r\n"));
    CHECK(world.target().text.ends_with("\r\n\r\n" + std::string(row.sent)));
  }
}

std::string with_key(std::string_view method, std::string_view path) { return ask(method, path, free_key); }

TEST_CASE("an id goes back to the provider that made it") {
  World world(two_providers());
  world.say(ask("POST", "/providers/attic/files", free_key, "{}"));
  world.target_says(ok_json(R"({"object":"file","meta":{"id":"file-evil99"},"id":"file-1a2b3c"})"));
  world.say(with_key("DELETE", "/v1/files/file-1a2b3c"));
  world.target_says(ok_json(any_answer));
  CHECK(world.caller->has("sluice-target: attic\r\n"));
  CHECK_FALSE(world.caller->has("sluice-target: lab\r\n"));
  world.say(with_key("DELETE", "/v1/files/file-evil99"));
  world.target_says(ok_json(any_answer));
  CHECK(world.caller->has("sluice-target: lab\r\n"));
}

TEST_CASE("ids are found where each dialect has them") {
  struct Row {
    std::string_view answer, id;
  };
  const config::Config config = two_providers();
  const config::Provider* const all[] = {&config.providers[0], &config.providers[1]};
  for (const Row& row :
       {Row{R"({"id":"file-123456"})", "file-123456"},
        Row{R"({"type":"x","a":[{"id":"no"}],"id":"batch_9"})", "batch_9"},
        Row{"event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_77\"}}\n\n",
            "resp_77"},
        Row{R"({"file":{"name":"files/abc123"}})", "abc123"}, Row{R"({"name":"cachedContents/c0ffee1"})", "c0ffee1"}}) {
    for (size_t cut = 1; cut < row.answer.size(); ++cut) {
      IdMakers makers(5);
      IdWatch watch(&makers, config.providers[1], 0);
      if (watch.take(row.answer.substr(0, cut))) CHECK_FALSE(watch.take(row.answer.substr(cut)));
      INFO(row.answer << cut);
      CHECK(makers.maker("/v1/x/" + std::string(row.id) + "/content", all).provider == &config.providers[1]);
    }
  }
  IdMakers makers(5);
  IdWatch watch(&makers, config.providers[1], 0);
  CHECK(watch.take("{\"a\":\"" + std::string(3000, 'x')));
  CHECK_FALSE(watch.take(std::string(3000, 'x')));
  for (int i = 0; i < 100'000; ++i) makers.learn("file-" + std::to_string(i), config.providers[1], 0);
  CHECK(makers.maker("/v1/files/file-99999", all).provider == &config.providers[1]);
  CHECK_FALSE(IdMakers::names_id("/v1/fine_tuning/jobs"));
  CHECK_FALSE(IdMakers::names_id("/v1beta/files"));
  CHECK(IdMakers::names_id("/v1beta/files/abc123:download"));
}

TEST_CASE("where nobody knows who made what is read, those who may have are asked, once") {
  World world(two_providers());
  const std::string nowhere = "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  world.say(with_key("GET", "/v1/batches/batch_123"));
  REQUIRE(world.targets.size() == 1);
  world.target_says(nowhere);
  REQUIRE(world.targets.size() == 2);  // now asked at "attic"
  CHECK(world.caller->text.empty());
  world.target_says(ok_json(R"({"id":"batch_123"})"));
  CHECK(world.caller->has("sluice-target: attic\r\nsluice-attempts: 2\r\n"));
  world.say(with_key("POST", "/v1/batches/batch_123/cancel"));
  CHECK(world.target().has("POST /v1/batches/batch_123/cancel "));
  world.target_says(ok_json(any_answer));
  // Found nowhere: the first one's answer is relayed, and the next time only the first is asked.
  world.say(with_key("GET", "/v1/batches/batch_999"));
  world.targets[0]->stream->write(nowhere);
  world.turn();
  world.target_says(nowhere);
  world.targets[0]->stream->write(nowhere);
  world.turn();
  CHECK(world.caller->has("HTTP/1.1 404 "));
  CHECK(world.caller->has("sluice-target: lab\r\nsluice-attempts: 3\r\n"));
  world.caller->text.clear();
  world.say(with_key("GET", "/v1/batches/batch_999"));
  world.targets[0]->stream->write(nowhere);
  world.turn();
  CHECK(world.caller->has("sluice-target: lab\r\nsluice-attempts: 1\r\n"));
  CHECK(world.targets.size() == 2);
}

TEST_CASE("only reading asks around, and a provider that fails does not end it") {
  World world(two_providers());
  world.say(with_key("GET", "/v1/files/file-5678"));
  world.target().stream.reset();
  world.turn();
  REQUIRE(world.targets.size() == 2);
  world.target_says(ok_json(any_answer));
  CHECK(world.caller->has("sluice-target: attic\r\n"));
  World other(two_providers());
  other.say(with_key("DELETE", "/v1/files/file-5678"));
  other.target_says("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  CHECK(other.caller->has("HTTP/1.1 404 "));
  CHECK(other.targets.size() == 1);
}

TEST_CASE("an upload goes on by its ticket, where and while that is good") {
  config::Config config = two_providers();
  World world(config);
  world.say("POST /providers/lab/upload/v1beta/files HTTP/1.1\r\nHost: g\r\nX-Goog-Api-Key: held-none\r\n" + free_key +
            "Content-Length: 2\r\n\r\n{}");
  const Admitted admitted{&world.config.keys[0], 0};
  const std::string target =
      with_ticket("/providers/lab/upload/x?upload_id=7", world.config, admitted, world.clock.unix_s());
  struct Row {
    std::string method, target;
    int64_t later_s;
    bool good;
  };
  std::string other_path = target;
  other_path.replace(other_path.find("upload/x"), 8, "upload/y");
  std::string other_end = target;
  other_end.back() = other_end.back() == '0' ? '1' : '0';
  for (const Row& row : std::vector<Row>{{"POST", target, 0, true},
                                         {"PUT", target, 86'399, true},
                                         {"POST", target, 86'401, false},
                                         {"GET", target, 0, false},
                                         {"POST", other_path, 0, false},
                                         {"POST", other_end, 0, false},
                                         {"POST", target + "0", 0, false},
                                         {"POST", target.substr(0, target.size() - 1), 0, false},
                                         {"POST", "/providers/lab/x?sluice-ticket=", 0, false},
                                         {"POST", "/providers/lab/x?sluice-ticket=9.0.1.00", 0, false}}) {
    http::RequestHead head;
    head.method = *http::method_named(row.method);
    head.target = row.target;
    CAPTURE(row.method, row.target);
    CHECK(admit_by_ticket(world.config, head, world.clock.unix_s() + row.later_s).has_value() == row.good);
  }
  World fresh(two_providers());
  fresh.say(ask("POST", target, "", "bytes"));
  REQUIRE(fresh.targets.size() == 1);
  CHECK(fresh.target().has("POST /upload/x?upload_id=7 HTTP/1.1\r\n"));
}

}  // namespace
}  // namespace sluice::gateway
