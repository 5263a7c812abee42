// GET of a Gemini verb was treated as a look-up of the model "x:generateContent" and relayed, instead of answered with
// 405.
#include <catch2/catch.hpp>

#include "admin/pages.h"
#include "api/endpoint.h"
#include "api/model_list.h"

namespace sluice::api {
namespace {

TEST_CASE("a verb's path is never a model's") {
  const std::string verb = "/v1beta/models/gemini-2.5-flash:generateContent";
  const auto wrong = match(http::Method::get, verb);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::method_not_allowed);
  CHECK(allowed_methods(verb) == "POST");
  const auto right = match(http::Method::post, verb);
  REQUIRE(right);
  CHECK(right->model == "gemini-2.5-flash");
  const std::string model = "/v1beta/models/qwen:7b";
  const auto lookup = model_page(model, nullptr);
  REQUIRE(lookup);
  CHECK(lookup->name == "qwen:7b");
  CHECK_FALSE(admin::Pages::knows(http::Method::get, verb));
  CHECK(admin::Pages::knows(http::Method::get, model));
}

}  // namespace
}  // namespace sluice::api
