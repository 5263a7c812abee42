#include "bench/options.h"

#include <catch2/catch.hpp>

#include "bench/request.h"

namespace sluice::bench {
namespace {

std::string none(const char*) { return ""; }

Flags flags_for(std::string url = "http://127.0.0.1:8000") {
  Flags flags;
  flags.url = std::move(url);
  return flags;
}

TEST_CASE("a URL may end in /v1, in the whole path, or in nothing") {
  struct Case {
    std::string url, models, answers, messages;
  };
  const Case cases[] = {
      {"http://127.0.0.1:8000", "http://127.0.0.1:8000/v1/models", "http://127.0.0.1:8000/v1/chat/completions",
       "http://127.0.0.1:8000/v1/messages"},
      {"http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1/models", "http://127.0.0.1:8000/v1/chat/completions",
       "http://127.0.0.1:8000/v1/messages"},
      {"http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1/models", "http://127.0.0.1:8000/v1/chat/completions",
       "http://127.0.0.1:8000/v1/messages"},
      {"http://127.0.0.1:8000/v1/chat/completions", "http://127.0.0.1:8000/v1/models",
       "http://127.0.0.1:8000/v1/chat/completions", "http://127.0.0.1:8000/v1/messages"},
      {"https://api.anthropic.com/v1/messages", "https://api.anthropic.com/v1/models",
       "https://api.anthropic.com/v1/chat/completions", "https://api.anthropic.com/v1/messages"},
      {"HTTP://[::1]:8000", "http://[::1]:8000/v1/models", "http://[::1]:8000/v1/chat/completions",
       "http://[::1]:8000/v1/messages"},
      {"https://h:443/openai/v1", "https://h/openai/v1/models", "https://h/openai/v1/chat/completions",
       "https://h/openai/v1/messages"},
      {"https://h/v1beta/openai", "https://h/v1beta/openai/models", "https://h/v1beta/openai/chat/completions",
       "https://h/v1beta/openai/messages"},
      {"https://h/anthropic", "https://h/anthropic/v1/models", "https://h/anthropic/v1/chat/completions",
       "https://h/anthropic/v1/messages"},
      {"https://h/very/v", "https://h/very/v/v1/models", "https://h/very/v/v1/chat/completions",
       "https://h/very/v/v1/messages"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.url);
    const auto target = target_from(c.url);
    REQUIRE(target);
    REQUIRE(target->url_of(target->models_path()) == c.models);
    REQUIRE(target->url_of(target->answer_path(Dialect::openai)) == c.answers);
    REQUIRE(target->url_of(target->answer_path(Dialect::anthropic)) == c.messages);
  }
}

TEST_CASE("what is no URL is refused, without its text") {
  for (const std::string url :
       {"", "127.0.0.1:8000", "ftp://h", "demo:", "demo", "http://", "http://h:0", "http://h:65536", "http://h:x",
        "http://::1:8000", "http://[::1", "http://user:planted@h/v1", "http://h/v1?key=planted", "http://h/v1#planted",
        "http://h/a b", "http://h/a\r\nplanted: x"}) {
    CAPTURE(url);
    const auto options = options_from(flags_for(url), none);
    REQUIRE_FALSE(options);
    REQUIRE(options.error().message.find("URL") != std::string::npos);
    REQUIRE(options.error().message.find("planted") == std::string::npos);
  }
}

TEST_CASE("without flags: 16 connections, 10 seconds") {
  const auto options = options_from(flags_for(), none);
  REQUIRE(options);
  REQUIRE(options->connections == 16);
  REQUIRE(options->requests == 0);
  REQUIRE(options->duration_ms == 10'000);
  REQUIRE(options->timeout_ms == 120'000);
  REQUIRE(options->dialect == Dialect::openai);
  REQUIRE(options->key.empty());
}

TEST_CASE("a number of requests ends a run by itself, or together with a duration") {
  Flags flags = flags_for();
  flags.requests = "5";
  REQUIRE(options_from(flags, none)->duration_ms == 0);
  flags.duration = "2.5";
  const auto both = options_from(flags, none);
  REQUIRE(both->duration_ms == 2'500);
  REQUIRE(both->requests == 5);
}

TEST_CASE("every number has its bounds") {
  struct Case {
    std::string Flags::*flag;
    std::vector<std::string> good, bad;
  };
  const Case cases[] = {
      {&Flags::connections, {"1", "4096"}, {"0", "4097", "-1", "x", "1x", "1.5", " 1", "18446744073709551616"}},
      {&Flags::requests, {"1", "1000000000", "1e3"}, {"0", "1000000001", "-1", "1e-3", "1e400"}},
      {&Flags::duration, {"0.1", "86400", "1e1"}, {"0", "0.09", "86401", "-1", "nan", "inf", "10s"}},
      {&Flags::timeout, {"0.1", "3600"}, {"0", "3601", "nan", "-5"}},
      {&Flags::max_tokens, {"1", "1000000"}, {"0", "1000001"}},
      {&Flags::dialect, {"openai", "anthropic"}, {"gemini", "responses", "ollama", "Openai", "x"}},
  };
  for (const Case& c : cases) {
    for (const std::string& good : c.good) {
      Flags flags = flags_for();
      flags.*c.flag = good;
      CAPTURE(good);
      REQUIRE(options_from(flags, none));
    }
    for (const std::string& bad : c.bad) {
      Flags flags = flags_for();
      flags.*c.flag = bad;
      CAPTURE(bad);
      const auto options = options_from(flags, none);
      REQUIRE_FALSE(options);
      REQUIRE(options.error().message.starts_with("--"));
      REQUIRE(options.error().message.find(" takes ") != std::string::npos);
    }
  }
}

TEST_CASE("keys come from variables only, and no error repeats one") {
  const Variable variables = [](const char* name) -> std::string {
    const std::string_view asked = name;
    if (asked == "OPENAI_API_KEY") return "sk-openai";
    if (asked == "ANTHROPIC_API_KEY") return "sk-anthropic";
    if (asked == "MINE") return "sk-mine";
    if (asked == "BROKEN") return "sk-planted\nx: y";
    return "";
  };
  Flags flags = flags_for();
  REQUIRE(options_from(flags, variables)->key == "sk-openai");
  flags.dialect = "anthropic";
  REQUIRE(options_from(flags, variables)->key == "sk-anthropic");
  flags.key_env = "MINE";
  REQUIRE(options_from(flags, variables)->key == "sk-mine");
  REQUIRE(options_from(flags, variables)->key_variable == "MINE");
  flags.key_env = "sk-planted-as-a-name";
  REQUIRE(options_from(flags, variables).error().message.find("planted") == std::string::npos);
  flags.key_env = "BROKEN";
  REQUIRE(options_from(flags, variables).error().message.find("planted") == std::string::npos);
}

TEST_CASE("requests in the words of their dialect") {
  Flags flags = flags_for("http://[::1]:8000/v1");
  flags.prompt = "say \"hi\"\n";
  flags.max_tokens = "7";
  flags.stream = true;
  auto options = options_from(flags, [](const char*) { return std::string("sk-1"); });
  REQUIRE(options);
  const std::string openai = answer_request(*options, "a/\"b\"");
  REQUIRE(openai.starts_with("POST /v1/chat/completions HTTP/1.1\r\nhost: [::1]:8000\r\n"));
  REQUIRE(openai.find("\r\nauthorization: Bearer sk-1\r\n") != std::string::npos);
  const std::string body = R"({"model":"a/\"b\"","max_tokens":7,"stream":true,"stream_options":{"include_usage":true},)"
                           R"("messages":[{"role":"user","content":"say \"hi\"\n"}]})";
  REQUIRE(openai.ends_with("\r\n\r\n" + body));
  REQUIRE(openai.find("\r\ncontent-length: " + std::to_string(body.size()) + "\r\n") != std::string::npos);
  options->dialect = Dialect::anthropic;
  options->stream = false;
  const std::string anthropic = answer_request(*options, "o3");
  REQUIRE(anthropic.starts_with("POST /v1/messages HTTP/1.1\r\n"));
  REQUIRE(anthropic.find("\r\nx-api-key: sk-1\r\n") != std::string::npos);
  REQUIRE(anthropic.find("authorization") == std::string::npos);
  REQUIRE(anthropic.find("\r\nanthropic-version: ") != std::string::npos);
  REQUIRE(
      anthropic.ends_with(R"({"model":"o3","max_tokens":7,"messages":[{"role":"user","content":"say \"hi\"\n"}]})"));
  const std::string models = models_request(*options);
  REQUIRE(models.starts_with("GET /v1/models HTTP/1.1\r\n"));
  REQUIRE(models.ends_with("\r\n\r\n"));
}

TEST_CASE("models that reason take their limit by its other name") {
  const auto options = options_from(flags_for(), none);
  for (const auto& [model, other] : {std::pair{"gpt-4o", false},
                                     {"o3-mini", true},
                                     {"openai/o1", true},
                                     {"openai/gpt-5-mini", true},
                                     {"o", false},
                                     {"olmo", false},
                                     {"o0", false},
                                     {"x/gpt-4o", false}}) {
    CAPTURE(model);
    REQUIRE((answer_request(*options, model).find("max_completion_tokens") != std::string::npos) == other);
  }
}

}  // namespace
}  // namespace sluice::bench
