// A browser's Origin was forwarded to Ollama, which answers foreign origins with 403. The caller's cookies, its Referer
// and the fields in which earlier proxies describe the caller's network were forwarded too.
#include <algorithm>
#include <catch2/catch.hpp>

#include "gateway/admission.h"
#include "gateway/origin_fields.h"
#include "gateway/world.h"
#include "support/fake_clock.h"

namespace sluice::gateway {
namespace {

// The first ones are sent by browsers, most of the others by proxies.
constexpr size_t of_browsers = 8;
constexpr const char* about_the_caller[] = {"Origin: https://app.example",
                                            "Referer: https://app.example/page",
                                            "Cookie: session=1",
                                            "Cookie2: x",
                                            "Sec-Fetch-Site: cross-site",
                                            "sec-ch-ua: \"x\"",
                                            "Sec-GPC: 1",
                                            "Access-Control-Request-Private-Network: true",
                                            "Via: 1.1 proxy",
                                            "Forwarded: for=10.0.0.1",
                                            "X-Forwarded-For: 10.0.0.1",
                                            "X-Forwarded-User: jo",
                                            "X-Forwarded-Client-Cert: x",
                                            "X-Forwarded-Prefix: /x",
                                            "X-Real-IP: 10.0.0.1",
                                            "X-Client-IP: 10.0.0.1",
                                            "X-Cluster-Client-IP: 10.0.0.1",
                                            "X-Original-Forwarded-For: 10.0.0.1",
                                            "CF-Connecting-IP: 10.0.0.1",
                                            "CF-IPCountry: DE",
                                            "CF-Ray: 1",
                                            "True-Client-IP: 10.0.0.1",
                                            "Fly-Client-IP: 10.0.0.1",
                                            "Fastly-Client-IP: 10.0.0.1",
                                            "CloudFront-Viewer-Address: 10.0.0.1",
                                            "X-Envoy-External-Address: 10.0.0.1",
                                            "X-Azure-ClientIP: 10.0.0.1",
                                            "X-AppEngine-User-IP: 10.0.0.1",
                                            "WL-Proxy-Client-IP: 10.0.0.1",
                                            "Client-IP: 10.0.0.1",
                                            "X-Forwarded: for=10.0.0.1",
                                            "CDN-Loop: cloudflare",
                                            "DO-Connecting-IP: 10.0.0.1",
                                            "Tailscale-User-Login: jo@example.com",
                                            "X-Amzn-Trace-Id: Root=1",
                                            "X-SSL-Client-Cert: x",
                                            "X-HTTP-Method-Override: DELETE",
                                            "X-Original-URL: /admin",
                                            "X-Rewrite-URL: /admin"};

TEST_CASE("what tells of the caller's program and network does not go to a target") {
  for (const bool callers_own_key : {false, true}) {
    config::Config config = World::plain_config();
    config.providers[0].caller_key = callers_own_key;
    World world(config);
    std::string fields =
        "X-Stainless-Lang: js\r\nUser-Agent: openai\r\nHTTP-Referer: https://kept\r\nX-Title: kept\r\n";
    for (const char* field : about_the_caller) fields += std::string(field) + "\r\n";
    world.say(post("/v1/chat/completions", R"({"model":"fast"})", fields));
    REQUIRE(world.targets.size() == 1);
    INFO(world.target().text);
    for (const char* field : about_the_caller) CHECK_FALSE(world.target().has(field));
    CHECK(
        world.target().has("Content-Type: application/json\r\nX-Stainless-Lang: js\r\nUser-Agent: openai\r\n"
                           "HTTP-Referer: https://kept\r\nX-Title: kept\r\ncontent-length: "));
  }
}

TEST_CASE("what does not go to a target because it tells of a proxy keeps /admin shut") {
  const policy::CallerKeys none({}, 7, test::fixed_time_s);
  for (const std::string_view line : about_the_caller) {
    INFO(line);
    http::RequestHead head;
    head.fields.add(line.substr(0, line.find(':')), line.substr(line.find(": ") + 2));
    const std::string_view name = head.fields[0].name;
    const size_t at = static_cast<size_t>(std::find(std::begin(about_the_caller), std::end(about_the_caller), line) -
                                          std::begin(about_the_caller));
    const bool has_proxy = at >= of_browsers && !name.ends_with("-Override") && !name.ends_with("-URL");
    CHECK(tells_of_proxy(name) == has_proxy);
    if (has_proxy) CHECK_FALSE(admit_admin(none, head, "127.0.0.1:5"));
  }
}

TEST_CASE("a field that the configuration gives a provider goes there, whatever it is") {
  config::Config config = World::plain_config();
  config.providers[0].headers = {{"origin", "https://mine.example"}};
  World world(config);
  world.say(post("/v1/chat/completions", R"({"model":"fast"})", "Origin: https://app.example\r\n"));
  REQUIRE(world.targets.size() == 1);
  CHECK(world.target().has("origin: https://mine.example\r\n"));
  CHECK_FALSE(world.target().has("app.example"));
}

}  // namespace
}  // namespace sluice::gateway
