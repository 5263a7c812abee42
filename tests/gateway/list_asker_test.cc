// Providers are asked for their models, under a fake clock and over memory, including slow, dead, huge and hostile
// ones.
#include "gateway/list_asker.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "support/peer.h"
#include "world.h"

namespace sluice::gateway {
namespace {

config::Provider provider(std::string name, Dialect dialect = Dialect::openai) {
  config::Provider made;
  made.name = std::move(name);
  made.dialects = {dialect};
  made.base_url.demo = true;  // over memory
  made.base_url.host = made.name + ".test";
  made.base_url.port = 80;
  made.base_url.path = dialect == Dialect::openai ? "/v1" : "";
  made.api_key = "provider-secret";
  made.headers = {{"x-name", made.name}};
  made.ask_models = true;
  return made;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string body = R"({"object":"list","data":[)";
  for (const std::string& name : names) body += (name == names.front() ? R"({"id":")" : R"(,{"id":")") + name + R"("})";
  return body + "]}";
}

struct Lab {
  test::FakeClock clock;
  test::FakeRandom random;
  net::Loop loop{clock, random};
  net::Resolver resolver{loop};
  config::Config config;
  TargetContexts contexts;
  http::PoolCounts counts;
  std::vector<std::unique_ptr<Peer>> targets;  // in the order they were dialed
  int log_pipe[2] = {-1, -1};
  std::optional<observe::Log> log;
  observe::Metrics metrics{1, test::fake_unix_ms};
  std::optional<ProviderLinks> links;
  std::vector<ToldLists> published;
  std::optional<ListAsker> asker;

  explicit Lab(std::vector<config::Provider> providers) {
    config.providers = std::move(providers);
    contexts.resize(config.providers.size());
    REQUIRE(pipe2(log_pipe, O_CLOEXEC | O_NONBLOCK) == 0);
    log.emplace(observe::Log::Options{observe::Level::info, false, log_pipe[1], [this] { return clock.unix_ms(); }});
    links.emplace(
        loop, resolver, config, contexts,
        [this](std::unique_ptr<net::Stream> stream) { targets.push_back(std::make_unique<Peer>(std::move(stream))); },
        counts);
    asker.emplace(options());
    turn();
  }
  ~Lab() {
    asker.reset();
    targets.clear();
    links.reset();
    turn();
    log.reset();
    close(log_pipe[0]);
    close(log_pipe[1]);
  }
  ListAsker::Options options() {
    return {loop, *links, config, [this](ToldLists lists) { published.push_back(std::move(lists)); }, &*log, &metrics};
  }
  void turn() { test::turn(loop); }
  // The connection to that provider on which a request waits for its answer.
  Peer& target(const std::string& name) {
    for (const auto& one : targets) {
      if (one->has("x-name: " + name + "\r\n") && one->text.ends_with("\r\n\r\n")) return *one;
    }
    std::string heard;
    for (const auto& one : targets) heard += "[" + one->text + "]";
    FAIL("nobody asks " << name << ", but " << heard);
    std::abort();
  }
  bool asks(const std::string& name) const {
    return std::any_of(targets.begin(), targets.end(), [&](const auto& one) {
      return one->has("x-name: " + name + "\r\n") && one->text.ends_with("\r\n\r\n");
    });
  }
  void say(const std::string& name, std::string_view answer) {
    Peer& peer = target(name);
    peer.text.clear();
    peer.stream->write(answer);
    turn();
  }
  void pass_ms(uint64_t ms) {
    for (const uint64_t end = clock.passed_ms() + ms; clock.passed_ms() < end;) {
      const auto due = loop.next_timer_ms();
      const uint64_t left = end - clock.passed_ms();
      clock.pass_ms(due && *due > loop.now_ms() ? std::min(left, *due - loop.now_ms()) : left);
      turn();
    }
  }
  std::vector<std::string> known(size_t number) const {
    std::vector<std::string> names;
    if (!published.empty() && published.back()[number]) {
      for (const api::ToldModel& model : *published.back()[number]) names.push_back(model.id);
    }
    return names;
  }
  std::string metric(const std::string& name, const std::string& of) const {
    const std::string page = metrics.page(), line = "\n" + name + "{provider=\"" + of + "\"} ";
    const size_t at = page.find(line);
    return at == std::string::npos ? "" : page.substr(at + line.size(), page.find('\n', at + 1) - at - line.size());
  }
  // How many log lines so far contain `part`.
  long logged(const std::string& part) {
    log.reset();
    char buffer[64 * 1024];
    for (ssize_t count = 0; (count = read(log_pipe[0], buffer, sizeof buffer)) > 0;) {
      lines.append(buffer, static_cast<size_t>(count));
    }
    long found = 0;
    for (size_t at = lines.find(part); at != std::string::npos; at = lines.find(part, at + 1)) ++found;
    return found;
  }
  std::string lines;
};

constexpr uint64_t minute_ms = 60'000;
using Names = std::vector<std::string>;

TEST_CASE("a key that is refused does not blank the list: the next one is asked with, and first the next time") {
  config::Provider two = provider("lab");
  two.api_keys = {{"provider-secret", 1}, {"other-secret", 1}};
  Lab lab({two});
  CHECK(lab.target("lab").has("authorization: Bearer provider-secret\r\n"));
  lab.say("lab", "HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n");
  CHECK(lab.target("lab").has("authorization: Bearer other-secret\r\n"));
  lab.say("lab", ok_json(list_of({"m"})));
  lab.pass_ms(minute_ms);
  CHECK(lab.known(0) == Names{"m"});
  lab.pass_ms(5 * minute_ms);
  CHECK(lab.target("lab").has("authorization: Bearer other-secret\r\n"));
  for (int i = 0; i < 2; ++i) lab.say("lab", "HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n");
  CHECK_FALSE(lab.asks("lab"));  // only once each
  CHECK(lab.known(0) == Names{"m"});
}

TEST_CASE("each provider is asked at once, and again five minutes after it has told") {
  Lab lab({provider("lab"), provider("maker", Dialect::anthropic)});
  CHECK(lab.target("lab").has("GET /v1/models HTTP/1.1\r\n"));
  CHECK(lab.target("lab").has("accept-encoding: identity\r\nauthorization: Bearer provider-secret\r\n"));
  CHECK(lab.target("maker").has("GET /v1/models?limit=1000 HTTP/1.1\r\n"));
  CHECK(lab.target("maker").has("anthropic-version: 2023-06-01\r\n"));
  lab.say("lab", ok_json(list_of({"alpha", "beta"})));
  CHECK(lab.published.empty());  // others may follow in a moment
  lab.pass_ms(300);
  CHECK(lab.known(0) == Names{"alpha", "beta"});
  lab.say("maker", ok_json(R"({"data":[{"id":"c"}],"has_more":false})"));
  CHECK(lab.known(1) == Names{"c"});
  CHECK(lab.known(0) == Names{"alpha", "beta"});
  CHECK(lab.metric("sluice_model_list_models", "lab") == "2");
  CHECK(lab.metric("sluice_model_list_up_to_date", "lab") == "1");
  CHECK(lab.metric("sluice_model_list_timestamp_seconds", "lab") == std::to_string(test::fixed_time_s()));
  lab.pass_ms(5 * minute_ms - 1000);
  CHECK_FALSE(lab.asks("lab"));
  lab.pass_ms(1100);
  const size_t published = lab.published.size();
  lab.say("lab", ok_json(list_of({"alpha", "beta"})));
  lab.say("maker", ok_json(R"({"data":[{"id":"c"}],"has_more":false})"));
  lab.pass_ms(1000);
  CHECK(lab.published.size() == published);  // nothing has changed
  lab.pass_ms(5 * minute_ms);
  lab.say("lab", ok_json(list_of({"gamma"})));
  lab.pass_ms(1000);
  CHECK(lab.known(0) == Names{"gamma"});
  CHECK(lab.logged("warn") == 0);
}

TEST_CASE("pages are asked for one after another, and a provider that never ends is left") {
  Lab lab({provider("maker", Dialect::gemini)});
  CHECK(lab.target("maker").has("GET /v1beta/models?pageSize=1000 HTTP/1.1\r\n"));
  lab.say("maker", ok_json(R"({"models":[{"name":"models/a"}],"nextPageToken":"x/&y"})"));
  CHECK(lab.target("maker").has("GET /v1beta/models?pageSize=1000&pageToken=x/%26y HTTP/1.1\r\n"));
  for (uint32_t page = 1; page < ListCall::max_pages; ++page) {
    lab.say("maker", ok_json(R"({"models":[{"name":"models/)" + std::to_string(page) + R"("}],"nextPageToken":"x"})"));
  }
  CHECK_FALSE(lab.asks("maker"));
  CHECK(lab.targets.size() == 1);  // all on one connection
  CHECK(lab.known(0).size() == ListCall::max_pages);
  CHECK(lab.logged("only its beginning is known provider=maker models=32") == 1);
}

TEST_CASE("a provider that does not tell keeps its last list, is logged once, and is asked sooner, then seldom") {
  Lab lab({provider("lab")});
  lab.say("lab", ok_json(list_of({"alpha"})));
  CHECK(lab.known(0) == Names{"alpha"});
  lab.pass_ms(5 * minute_ms + 100);
  std::vector<uint64_t> asked_at;
  for (int i = 0; i < 8; ++i) {
    REQUIRE(lab.asks("lab"));
    lab.say("lab", "HTTP/1.1 503 No\r\ncontent-length: 4\r\nconnection: close\r\n\r\nsick");
    const uint64_t before = lab.clock.passed_ms();
    while (!lab.asks("lab")) lab.pass_ms(500);
    asked_at.push_back((lab.clock.passed_ms() - before + 500) / 1000);
  }
  CHECK(asked_at == std::vector<uint64_t>{15, 30, 60, 120, 240, 300, 300, 300});
  CHECK(lab.known(0) == Names{"alpha"});
  CHECK(lab.metric("sluice_model_list_models", "lab") == "1");
  CHECK(lab.metric("sluice_model_list_up_to_date", "lab") == "0");
  CHECK(lab.metric("sluice_model_list_failures_total", "lab") == "8");
  lab.say("lab", ok_json(list_of({"beta"})));
  CHECK(lab.known(0) == Names{"beta"});
  CHECK(lab.metric("sluice_model_list_up_to_date", "lab") == "1");
  CHECK(lab.logged("warn cannot get a provider's list of models provider=lab reason=\"answered 503\" known=1") == 1);
  CHECK(lab.logged("info a provider's list of models is available again provider=lab models=1") == 1);
}

TEST_CASE("answers that are no list") {
  struct Row {
    std::string answer, reason;
  };
  const std::string path = "HTTP/1.1 308 Moved\r\ncontent-length: 0\r\nlocation: ";
  for (const Row& row :
       std::vector<Row>{{ok_json("<html></html>"), "this is not a list of models"},
                        {ok_json(R"({"error":{"message":"no"}})"), "this is not a list of models"},
                        {ok_json(R"({"data":[{"id":"a"})"), "the list of models is incomplete"},
                        {ok_json(list_of({"a"}), "content-encoding: br\r\n"), "a coding that cannot be read"},
                        {ok_json("no gzip", "content-encoding: gzip\r\n"), "a coding that cannot be read"},
                        {"HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n", "answered 401"},
                        {"HTTP/1.1 204 No\r\n\r\n", "answered 204"},
                        {"HTTP/1.1 302 No\r\ncontent-length: 0\r\n\r\n", "answered 302"},
                        {"nonsense\r\n\r\n", ""},
                        {path + "https://thief.test/v1/models\r\n\r\n", "put https://thief.test/v1 into base_url"},
                        {path + "//thief.test/v1/models\r\n\r\n", "put http://thief.test/v1 into base_url"},
                        {path + "http://lab.test:81/v1/models\r\n\r\n", "put http://lab.test:81/v1 into base_url"}}) {
    Lab lab({provider("lab")});
    lab.say("lab", row.answer);
    CAPTURE(row.answer);
    CHECK(lab.targets.size() == 1);
    CHECK(lab.known(0).empty());
    REQUIRE(lab.asker->problems().size() == 1);
    CHECK(lab.asker->problems()[0].what.find(row.reason) != std::string::npos);
    CHECK(lab.logged("provider-secret") == 0);
    CHECK(lab.logged("warn") == 1);
  }
}

TEST_CASE("a redirect within the origin is followed once") {
  Lab lab({provider("lab")});
  const std::string answer = "HTTP/1.1 307 Moved\r\ncontent-length: 0\r\nlocation: /v2/models?all=1\r\n\r\n";
  lab.say("lab", answer);
  CHECK(lab.target("lab").has("GET /v2/models?all=1 HTTP/1.1\r\n"));
  CHECK(lab.target("lab").has("authorization: Bearer provider-secret\r\n"));
  lab.say("lab", answer);
  CHECK_FALSE(lab.asks("lab"));
  CHECK(lab.asker->problems().size() == 1);
}

TEST_CASE("slow and dead providers hold up the others for a while only, and their own list for ever") {
  std::vector<config::Provider> providers;
  for (int i = 0; i < 8; ++i) providers.push_back(provider("p" + std::to_string(i)));
  Lab lab(std::move(providers));
  CHECK(lab.targets.size() == 3);  // concurrently
  lab.say("p0", ok_json(list_of({"a"})));
  CHECK(lab.targets.size() == 4);
  lab.targets[1]->stream->write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":[");
  lab.pass_ms(10'100);
  CHECK(lab.known(0) == Names{"a"});  // published long ago
  for (const char* name : {"p4", "p5", "p6"}) lab.say(name, ok_json(list_of({"b"})));
  lab.say("p7", ok_json(list_of({"c"})));
  CHECK(lab.asker->idle());
  CHECK(lab.known(7) == Names{"c"});
  std::vector<std::string> silent;
  for (const auto& problem : lab.asker->problems()) silent.push_back(problem.provider);
  CHECK(silent == Names{"p1", "p2", "p3"});
  for (size_t i = 1; i < 4; ++i) CHECK(lab.targets[i]->ended);  // given up by now
}

TEST_CASE("of a list without end, its beginning is kept") {
  Lab lab({provider("lab")});
  lab.say("lab", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
  std::string piece = R"({"data":[{"id":"first"})";
  Peer& peer = *lab.targets[0];
  uint64_t sent = 0;
  for (; !peer.ended && sent < 3 * ListCall::max_bytes; sent += piece.size()) {
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    peer.stream->write(size + piece + "\r\n");
    for (int i = 0; i < 4; ++i) lab.loop.run_once(false);
    piece = R"(,{"id":"next","description":")" + std::string(60'000, 'x') + "\"}";
  }
  CHECK(peer.ended);
  CHECK(sent < ListCall::max_bytes + (1 << 20));
  CHECK(lab.known(0) == Names{"first", "next"});
  CHECK(lab.logged("only its beginning is known") == 1);
}

TEST_CASE("a list that comes compressed all the same is read, and no further than another") {
  // gzip of {"data":[{"id":"a"}]}
  constexpr unsigned char bytes[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x4a, 0x49,
                                     0x2c, 0x49, 0x54, 0xb2, 0x8a, 0xae, 0x56, 0xca, 0x4c, 0x51, 0xb2, 0x52, 0x4a, 0x54,
                                     0xaa, 0x8d, 0xad, 0x05, 0x00, 0x4c, 0xac, 0x8e, 0xd3, 0x15, 0x00, 0x00, 0x00};
  const std::string body(reinterpret_cast<const char*>(bytes), sizeof bytes);
  Lab lab({provider("lab")});
  lab.say("lab", ok_json(body, "content-encoding: gzip\r\n"));
  CHECK(lab.asker->problems().empty());
  CHECK(lab.known(0) == Names{"a"});
}

TEST_CASE("providers with a list of the configuration's own are not asked") {
  config::Provider given = provider("given");
  given.ask_models = false;
  given.models = {"alpha"};
  Lab lab({given});
  lab.pass_ms(10 * minute_ms);
  CHECK(lab.targets.empty());
  CHECK(lab.published.empty());
  CHECK(lab.metric("sluice_model_list_models", "given").empty());
}

TEST_CASE("over a change of the configuration what is known of the same providers stays") {
  Lab lab({provider("same"), provider("changed"), provider("gone")});
  for (const char* name : {"same", "changed", "gone"}) lab.say(name, ok_json(list_of({name})));
  CHECK(lab.known(0) == Names{"same"});
  const config::Config before = lab.config;
  const ToldLists told = lab.published.back();
  config::Config next;
  next.providers = {provider("new"), provider("changed"), provider("same")};
  next.providers[1].api_key = "another-secret";
  const ToldLists kept = lists_kept(next, before, told);
  REQUIRE(kept.size() == 3);
  CHECK_FALSE(kept[0]);
  CHECK_FALSE(kept[1]);
  CHECK(kept[2] == told[0]);
  const TargetContexts contexts(3);
  ProviderLinks links(
      lab.loop, lab.resolver, next, contexts,
      [&](std::unique_ptr<net::Stream> stream) { lab.targets.push_back(std::make_unique<Peer>(std::move(stream))); },
      lab.counts);
  ListAsker::Options options = lab.options();
  std::vector<ToldLists> published;
  const ListAsker asker(
      {lab.loop, links, next, [&](ToldLists lists) { published.push_back(std::move(lists)); }, nullptr, &lab.metrics},
      &*lab.asker);
  lab.asker.reset();
  lab.turn();
  CHECK(lab.asks("new"));
  CHECK(lab.target("changed").has("another-secret"));
  CHECK_FALSE(lab.asks("same"));
  lab.say("new", ok_json(list_of({"n"})));
  lab.say("changed", ok_json(list_of({"c"})));
  REQUIRE_FALSE(published.empty());
  CHECK(published.back()[2] == told[0]);
  CHECK(lab.metric("sluice_model_list_models", "gone").empty());
  lab.pass_ms(5 * minute_ms + 100);
  CHECK(lab.asks("same"));
}

TEST_CASE("a catalog tells the same by every name") {
  const auto facts = [](uint64_t context_window) {
    api::ModelFacts made;
    made.context_window = context_window;
    return made;
  };
  config::Config config = World::plain_config();
  config.keys.resize(2);
  config.keys[0].name = "some";
  config.keys[0].models = {"fast", "alpha", "lab/b*"};
  config.keys[1].name = "all";
  const auto list =
      std::make_shared<const ToldList>(ToldList{{"alpha", facts(7)}, {"beta", facts(8)}, {"real-model", facts(9)}});
  const Catalog catalog(config, {list}, 1);
  const auto names = [&](const config::CallerKey* key) {
    std::string text;
    for (const api::ListedModel& model : catalog.models_for({key, 0}, Dialect::openai)) {
      text += std::string(model.id) + "=" + std::to_string(model.facts->context_window) + " ";
    }
    return text;
  };
  const std::string everything = "fast=9 lab/alpha=7 lab/beta=8 lab/real-model=9 ";
  CHECK(names(nullptr) == everything);
  CHECK(names(&config.keys[1]) == everything);
  CHECK(names(&config.keys[0]) == "fast=9 lab/beta=8 alpha=7 ");
  for (const auto& [name, context] : {std::pair("alpha", 7), {"lab/alpha", 7}, {"fast", 9}, {"lab/new", 0}}) {
    CAPTURE(name);
    const auto model = catalog.model_for({nullptr, 0}, Dialect::openai, name);
    REQUIRE(model);
    CHECK(model->id == name);
    CHECK(model->owner == "lab");
    CHECK(model->facts->context_window == static_cast<uint64_t>(context));
  }
  CHECK(catalog.model_for({&config.keys[0], 0}, Dialect::openai, "lab/alpha").error().code == ErrorCode::forbidden);
  CHECK(catalog.model_for({nullptr, 0}, Dialect::openai, "").error().code == ErrorCode::bad_request);
}

}  // namespace
}  // namespace sluice::gateway
