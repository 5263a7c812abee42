// Facts about providers' models, from the configuration and presets.
#include <catch2/catch.hpp>

#include "config/presets.h"
#include "support.h"

namespace sluice::config {
namespace {

using test::problems_of;

std::string lab(const std::string& facts) {
  return R"({"providers": {"lab": {"base_url": "http://h", "facts": )" + facts + "}}}";
}

TEST_CASE("facts of models are read, each row by itself") {
  const auto config = parse(
      lab(R"({"a-*": {"context_window": 1000, "max_output_tokens": 100, "max_tool_name": 32, "takes_sampling": false},
             "a-1": {"thinks": true, "max_tokens_field": "max_tokens", "reasoning_field": "none"}})"),
      "sluice.json", test::environment_of({}));
  REQUIRE(config);
  const std::vector<FactRow>& rows = config->providers.front().facts;
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].models == "a-*");
  CHECK(rows[0].context_window == 1000);
  CHECK(rows[0].max_output_tokens == 100);
  CHECK(rows[0].max_tool_name == 32);
  CHECK(rows[0].takes_sampling == false);
  CHECK_FALSE(rows[0].thinks);
  CHECK(rows[1].thinks == true);
  CHECK(rows[1].max_tokens_field == "max_tokens");
  CHECK(rows[1].reasoning_field == "none");
  CHECK(rows[0].is_of("a-1"));
  CHECK(rows[0].is_of("a-"));
  CHECK_FALSE(rows[0].is_of("b-1"));
  CHECK(rows[1].is_of("a-1"));
  CHECK_FALSE(rows[1].is_of("a-12"));
}

TEST_CASE("facts that are wrong are told with their place") {
  CHECK(problems_of(lab("[]")).front().find("allowed: an object of models") != std::string::npos);
  CHECK(problems_of(lab(R"({"a*b": {}})")).front().find("is not the name of a model") != std::string::npos);
  CHECK(problems_of(lab(R"({"": {}})")).front().find("is not the name of a model") != std::string::npos);
  CHECK(problems_of(lab(R"({"a": {"max_tool_name": 15}})")).front().find("from 16 to 1024") != std::string::npos);
  CHECK(problems_of(lab(R"({"a": {"max_tool_name": 1025}})")).front().find("from 16 to 1024") != std::string::npos);
  CHECK(problems_of(lab(R"({"a": {"context_window": 0}})")).front().find("from 1 to") != std::string::npos);
  CHECK(problems_of(lab(R"({"a": {"thinks": 1}})")).front().find("true or false") != std::string::npos);
  CHECK(problems_of(lab(R"({"a": {"reasoning_field": "x"}})")).front().find("reasoning_details") != std::string::npos);
  CHECK(problems_of(lab(R"({"a": {"takes_sampling2": true}})")).front().find("takes_sampling") != std::string::npos);
  std::string rows;
  for (size_t i = 0; i <= max_fact_rows; ++i) rows += (i == 0 ? "" : ",") + ("\"m" + std::to_string(i) + "\": {}");
  CHECK(problems_of(lab("{" + rows + "}")).front().find("more than 256") != std::string::npos);
  rows.resize(rows.rfind(','));
  CHECK(problems_of(lab("{" + rows + "}")).empty());
}

TEST_CASE("presets bring what is known, and a file changes it in part") {
  const auto row_of = [](std::string_view name) { return make_provider(*preset_named(name)).facts; };
  CHECK(row_of("openai").empty());
  REQUIRE(row_of("openrouter").size() == 1);
  CHECK(row_of("openrouter").front().reasoning_field == "reasoning_details");
  CHECK(row_of("vllm").front().takes_top_k == true);
  CHECK(row_of("groq").front().max_tokens_field == "max_completion_tokens");
  CHECK(row_of("deepseek").front().takes_json_schema == false);
  const auto config = parse(R"({"providers": {"vllm": {"facts": {"*": {"takes_documents": false}}}}})", "sluice.json",
                            test::environment_of({}));
  REQUIRE(config);
  const std::vector<FactRow>& rows = config->providers.front().facts;
  REQUIRE(rows.size() == 1);
  CHECK(rows.front().takes_top_k == true);
  CHECK(rows.front().takes_documents == false);
}

}  // namespace
}  // namespace sluice::config
