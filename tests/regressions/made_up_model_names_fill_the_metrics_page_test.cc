// Each model name that a caller made up added a set of series: 4,000 of them made a metrics page of megabytes, which
// took a worker seconds to write.
#include <catch2/catch.hpp>
#include <string>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

size_t count(const std::string& text, std::string_view part) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++found;
  return found;
}

void ask(World& world, const std::string& model, std::string_view answer) {
  world.say(post("/v1/chat/completions", R"({"model":")" + model + R"(","messages":[]})"));
  world.target_says(answer);
}

TEST_CASE("a name that only a caller has said is the provider's other until it is answered well") {
  World world;
  const std::string not_found = "HTTP/1.1 404 X\r\ncontent-length: 2\r\n\r\n{}";
  for (int i = 0; i < 300; ++i) ask(world, "lab/made-up-" + std::to_string(i), not_found);
  std::string page = world.metrics.page();
  CHECK(page.find("made-up") == page.npos);
  CHECK(page.find("target=\"lab/other\",status=\"404\"} 300\n") != page.npos);
  ask(world, "fast", not_found);
  ask(world, "lab/there", ok_json(any_answer));
  page = world.metrics.page();
  CHECK(page.find("target=\"lab/real-model\",status=\"404\"} 1\n") != page.npos);
  CHECK(page.find("target=\"lab/there\",status=\"200\"} 1\n") != page.npos);
  for (int i = 0; i < 300; ++i)
    ask(world, "lab/any-" + std::to_string(i), ok_json(any_answer));  // this target accepts any name
  page = world.metrics.page();
  CHECK(count(page, "sluice_requests_total{") <= observe::MetricNames::max_unlisted + 4);
  CHECK(page.size() < 2'000'000);
}

}  // namespace
}  // namespace sluice::gateway
