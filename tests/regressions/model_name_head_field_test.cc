// A model name with CR LF, "provider/x\r
// set-cookie: a=b" in JSON or percent-encoded in a path, was copied unchanged into the answer's sluice-target field:
// the caller's text became separate header fields (response splitting).
#include <catch2/catch.hpp>

#include "routing/router.h"

namespace sluice::routing {
namespace {

TEST_CASE("a model's name cannot end a head field") {
  config::Config config;
  config.providers.resize(1);
  config.providers[0].name = "demo";
  config.providers[0].models = {"*"};
  const Router router(config);
  const std::string_view nul("demo/a\0b", 8);
  for (const std::string_view name : {std::string_view("demo/a\r\nset-cookie: a=b"), std::string_view("a\nb"),
                                      std::string_view("\r"), std::string_view("demo/a\x7f"), nul}) {
    const auto target = router.route(name, Dialect::openai);
    REQUIRE_FALSE(target);
    CHECK(target.error().code == ErrorCode::bad_request);
  }
  CHECK(router.route("demo/\xc3\xa4 b", Dialect::openai)->label() == "demo/\xc3\xa4 b");
}

}  // namespace
}  // namespace sluice::routing
