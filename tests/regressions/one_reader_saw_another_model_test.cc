// A request in which sluice and the target read the model from different places was accepted: a key limited to the
// cheap model got the expensive one. Such are a form or JSON body that names it twice or in two spellings, a path with
// "..", a query.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

config::Config for_cheap() {
  config::Config config = World::plain_config();
  config.models = {{"cheap", {{"lab", "cheap"}}}, {"dear", {{"lab", "dear"}}}};
  return config;
}

std::string form(std::string_view parts, std::string_view type = "multipart/form-data; boundary=b") {
  return "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: s\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(parts.size()) + "\r\n\r\n" + std::string(parts);
}

std::string field(std::string_view disposition, std::string_view value) {
  return "--b\r\nContent-Disposition: " + std::string(disposition) + "\r\n\r\n" + std::string(value) + "\r\n";
}

const std::string cheap_field = field("form-data; name=\"model\"", "cheap");

void check_refused(const std::string& request) {
  World world(for_cheap());
  world.say(request);
  INFO(request << "\n" << world.caller->text);
  CHECK(world.caller->text.starts_with("HTTP/1.1 400 "));
  if (!world.targets.empty()) {  // an upload had begun: the target must not get all of it
    CHECK(world.target().ended);
    CHECK_FALSE(world.target().has("--b--"));
  }
  CHECK(world.buffers.used() == 0);
}

TEST_CASE("JSON that another reader may read otherwise is refused") {
  for (const char* body :
       {R"({"model":"cheap","model":"dear"})", R"({"model":"cheap","Model":"dear"})", R"({"model":"cheap","MODEL":1})",
        R"({"model":"cheap","mod\u0065l":"dear"})", R"({"model":"cheap","\u004dodel":"dear"})", R"({"Model":"dear"})",
        R"({"model":"cheap","model ":"dear"})", R"({"model":"cheap","model\u0000x":"dear"})",
        "{\"model\":\"cheap\",\"mod\xff"
        "el\":\"dear\"}",
        R"({"model":"cheap","Stream":true})", "{\"model\":\"cheap\",\"\xc5\xbftream\":true}",
        R"({"model":"cheap","stream":true,"stream":false})",
        R"({"model":"cheap","stream_options":{"Include_Usage":false}})", R"({"model":"\ud800"})",
        "{\"model\":\"che\xff"
        "ap\"}",
        "\xff\xfe{\0\"\0m\0", "\xef\xbb\xbf{\"model\":\"cheap\"}"}) {
    check_refused(post("/v1/chat/completions", body));
  }
  check_refused(post("/v1/chat/completions?model=dear", R"({"model":"cheap"})"));
  check_refused(post("/v1/chat/completions?a=b&m%4fdel=dear", R"({"model":"cheap"})"));
  check_refused(post("/v1/chat/completions", R"({"model":"cheap"})", "content-type: text/plain\r\n"));
  check_refused(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: s\r\nContent-Type: application/json; charset=utf-16\r\n"
      "Content-Length: 17\r\n\r\n{\"model\":\"cheap\"}");
  check_refused(post("/api/generate", R"({"model":"cheap","name":"dear"})"));
}

TEST_CASE("what is read as JSON goes on as JSON, whatever it was called") {
  World world(for_cheap());
  const std::string body = R"({"model":"cheap","x":"&model=dear&"})";
  world.say(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has("content-type: application/json\r\n"));
  CHECK_FALSE(world.target().has("urlencoded"));
}

TEST_CASE("a form that another reader may read otherwise is refused") {
  const std::string end = "--b--\r\n";
  const std::string file = field("form-data; name=\"file\"; filename=\"a.wav\"", std::string(5000, 'x'));
  for (const char* second :
       {"form-data; name=\"model\"", "form-data; name=model", "form-data; name=\"Model\"",
        "form-data; name=\"model[]\"", "form-data; name=\" model\"", "form-data; name*=UTF-8''model",
        "form-data; name=\"x\"; name=\"model\"", "form-data; name=\"mod\\el\"", "form-data; name=\"mod%65l\"",
        "form-data; name=\"model\"; filename=\"x\"", "form-data; filename=\"a\\\"; name=\"model",
        "attachment; name=\"model\"", "form-data; name=\"model", "form-data;\r\n name=\"model\"",
        "form-data; name=\"x\"\r\nContent-Disposition: form-data; name=\"model\"",
        "form-data; name=\"x\"\nContent-Disposition: form-data; name=\"model\""}) {
    check_refused(form(cheap_field + field(second, "dear") + end));
    check_refused(form(cheap_field + file + field(second, "dear") + end));
  }
  check_refused(form(cheap_field + end + field("form-data; name=\"model\"", "dear") + end));
  check_refused(form(cheap_field + "--b\nContent-Disposition: form-data; name=\"model\"\n\ndear\n--b--"));
  check_refused(
      form("--b\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
           "Y2hlYXA=\r\n" +
           end));
  for (const char* type :
       {"multipart/form-data; boundary=b; boundary=c", "multipart/form-data; boundary=b; Boundary=b",
        "multipart/form-data; boundary*=b", "multipart/form-data; boundary=b,c", "multipart/form-data; boundary=\"b",
        "multipart/form-data; boundary=b\r\nContent-Type: application/json"}) {
    check_refused(form(cheap_field + end, type));
  }
}

TEST_CASE("a name in a path that leads elsewhere is refused") {
  for (const char* name :
       {"lab%2Fcheap%2F..%2Fdear", "lab/cheap/../dear", "..", "%2e%2e", "lab/.", "lab/%2E./dear",
        "lab%2fcheap%252f..%252fdear", "lab/a%5c..%5cb", "lab/a%00b", "lab/a%0d%0ab", "lab/dear%3fx", "lab/dear%23"}) {
    check_refused(post("/v1beta/models/" + std::string(name) + ":generateContent", "{}"));
  }
  for (const char* id : {"..", ".", "%2e%2E", "a%2fb", "a%2f..%2fb", "%5c", "a%0a", "%252e"}) {
    check_refused("DELETE /v1/responses/" + std::string(id) + " HTTP/1.1\r\nHost: s\r\n\r\n");
    check_refused("GET /v1/responses/" + std::string(id) + "/input_items HTTP/1.1\r\nHost: s\r\n\r\n");
  }
  World world(for_cheap());
  world.say(post("/v1beta/models/lab%2Fa.b..c:generateContent", "{}"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has("/v1beta/models/a.b..c:generateContent"));
}

TEST_CASE("a key held to some models cannot name others as fallbacks") {
  config::Config config = for_cheap();
  config.keys.resize(1);
  config.keys[0].name = "team";
  config.keys[0].key = "caller-secret";
  config.keys[0].models = {"cheap"};
  World world(config);
  world.say(post("/v1/chat/completions", R"({"model":"cheap","models":["dear"]})", "x-api-key: caller-secret\r\n"));
  CHECK(world.caller->has("HTTP/1.1 403 "));
  CHECK(world.targets.empty());
}

TEST_CASE("a model's name has 256 bytes at most, wherever it stands, and no record holds a longer one") {
  for (const size_t size : {size_t{256}, size_t{257}, size_t{100'000}}) {
    const std::string name = "lab/" + std::string(size - 4, 'm');
    const std::string body = R"({"model":")" + name + R"("})";
    const std::string upload = field("form-data; name=\"model\"", name) + "--b--\r\n";
    for (const std::string& request : {post("/v1/chat/completions", body), form(upload),
                                       post("/v1beta/models/" + name.substr(0, 8000) + ":generateContent", "{}")}) {
      World world;
      world.say(request);
      INFO(size << request.substr(0, 60));
      CHECK(world.targets.size() == (size == 256 ? 1 : 0));
      if (size == 256) continue;
      CHECK(world.caller->has("HTTP/1.1 400 "));
      CHECK(world.caller->text.size() < 1000);
      const std::string record = world.records();
      CHECK(record.find(" model=lab") == std::string::npos);
    }
  }
}

}  // namespace
}  // namespace sluice::gateway
