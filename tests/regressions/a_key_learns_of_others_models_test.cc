// A key that is limited to some models learned the names of the others, and of their providers, from the text of a 404;
// and the difference between 404 and 403 revealed whether a model that it may not use exists.
#include <catch2/catch.hpp>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

config::Config two_teams() {
  config::Config config = World::plain_config();
  config.models.push_back({"hidden-model", {{"lab", "hidden-real"}}});
  config.providers[0].models = {"hidden-listed", "open-listed"};
  config::CallerKey team;
  team.name = "team";
  team.key = "key-of-team-0123456789";
  team.models = {"fast", "lab/open*"};
  config::CallerKey whole;
  whole.name = "whole";
  whole.key = "key-of-whole-0123456789";
  config.keys = {team, whole};
  return config;
}

std::string ask(World& world, std::string_view model, std::string_view key) {
  world.connect();
  world.say(post("/v1/chat/completions", "{\"model\":\"" + std::string(model) + "\",\"messages\":[]}",
                 "x-api-key: " + std::string(key) + "\r\n"));
  return world.caller->text;
}

TEST_CASE("a key held to some models is told of no others") {
  World world(two_teams());
  for (const std::string_view model : {"hidden", "hidden-model", "hidden-listed", "hidden-mode", "lab/hidden-listed",
                                       "lab/nothing", "nothing", "gpt-4o", "fas", ""}) {
    CAPTURE(model);
    std::string answer = ask(world, model, "key-of-team-0123456789");
    CHECK(answer.starts_with("HTTP/1.1 403 "));
    if (const size_t at = answer.find("'" + std::string(model) + "'"); at != std::string::npos)
      answer.erase(at, model.size() + 2);
    CHECK(answer.find("hidden") == std::string::npos);
    CHECK(answer.find("real-model") == std::string::npos);
    CHECK(answer.find("that it may: ") != std::string::npos);
  }
  // The same words whether the model exists or not.
  const auto without = [](std::string text, std::string_view model) {
    text.erase(text.find(model), model.size());
    return text.substr(text.find("{\"error\""));
  };
  CHECK(without(ask(world, "hidden-model", "key-of-team-0123456789"), "hidden-model") ==
        without(ask(world, "hidden-nodel", "key-of-team-0123456789"), "hidden-nodel"));
  CHECK(ask(world, "fas", "key-of-team-0123456789").find("nearest of those that it may: fast") != std::string::npos);
  // A key that may use all models sees all names.
  const std::string answer = ask(world, "hidden-mode", "key-of-whole-0123456789");
  CHECK(answer.starts_with("HTTP/1.1 404 "));
  CHECK(answer.find("hidden-model") != std::string::npos);
}

}  // namespace
}  // namespace sluice::gateway
