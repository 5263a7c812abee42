// A request with a cookie and no key was answered that its key is unknown, and a cookie whose value was a key was let
// in.
#include <catch2/catch.hpp>

#include "gateway/admission.h"
#include "support/fake_clock.h"

namespace sluice::gateway {
namespace {

TEST_CASE("a cookie is no key, neither a right one nor a wrong one") {
  config::Config config;
  config.keys.resize(1);
  config.keys[0].name = "team";
  config.keys[0].key = "team-key";
  const policy::CallerKeys keys(config.keys, 7, test::fixed_time_s);
  const auto words = [&](std::string_view name, std::string_view value) {
    http::RequestHead head;
    head.fields.add(name, value);
    const Result<Admitted> admitted = admit(keys, head);
    return admitted ? "let in" : admitted.error().message;
  };
  CHECK(words("cookie", "session=1").starts_with("no API key was sent"));
  CHECK(words("Cookie", "team-key").starts_with("no API key was sent"));
  CHECK(words("proxy-authorization", "Bearer team-key").starts_with("no API key was sent"));
  CHECK(words("x-api-key", "other") == "this API key is not known here");
  CHECK(words("authorization", "Bearer team-key") == "let in");
}

}  // namespace
}  // namespace sluice::gateway
