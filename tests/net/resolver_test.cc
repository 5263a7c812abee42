#include "net/resolver.h"

#include <catch2/catch.hpp>
#include <deque>

#include "net/recorder.h"

namespace sluice::net {
namespace {

// A resolver whose lookups wait until the test answers them, on a fake clock.
struct Fake {
  struct Question {
    std::string host;
    std::function<void(Resolver::Addresses)> done;
  };
  Loop loop;
  uint64_t now_ms = 1'000'000;
  std::deque<Question> questions;
  std::unique_ptr<Resolver> resolver;
  std::string told;  // one letter per `done`: the address's last digit, or x for an error

  explicit Fake(size_t max_names = 1024) {
    ResolverOptions options;
    options.max_names = max_names;
    options.now_ms = [this] { return now_ms; };
    options.lookup = [this](const std::string& host, std::function<void(Resolver::Addresses)> done) {
      questions.push_back({host, std::move(done)});
    };
    resolver = std::make_unique<Resolver>(loop, std::move(options));
  }
  std::unique_ptr<Resolving> ask(const std::string& host) {
    return resolver->resolve(host, [this](const Resolver::Addresses& addresses) {
      told += addresses ? addresses->front().ip_text().back() : 'x';
    });
  }
  void answer(const std::string& ip) {
    REQUIRE_FALSE(questions.empty());
    const auto done = std::move(questions.front().done);
    questions.pop_front();
    if (ip.empty()) {
      done(fail(ErrorCode::target_unresolved, "no such host"));
    } else {
      done(std::vector{*SocketAddress::parse_ip(ip)});
    }
    loop.run_once(false);
  }
  // Asks, turns the loop, and returns what was added to `told`.
  std::string ask_now(const std::string& host) {
    told.clear();
    const auto resolving = ask(host);
    CHECK(told.empty());  // never from inside resolve()
    loop.run_once(false);
    return told;
  }
};

TEST_CASE("IP addresses need no lookup") {
  Fake fake;
  CHECK(fake.ask_now("10.0.0.7") == "7");
  CHECK(fake.ask_now("::1") == "1");
  CHECK(fake.questions.empty());
  CHECK(fake.resolver->cached_names() == 0);
}

TEST_CASE("one lookup in flight for all who ask for a name") {
  Fake fake;
  const auto first = fake.ask("a.test"), second = fake.ask("a.test"), other = fake.ask("b.test");
  CHECK(fake.questions.size() == 2);
  fake.answer("10.0.0.1");
  CHECK(fake.told == "11");
  fake.answer("10.0.0.2");
  CHECK(fake.told == "112");
}

TEST_CASE("an answer lives 30 s, then is given once more while it is refreshed") {
  Fake fake;
  const auto first = fake.ask("a.test");
  fake.answer("10.0.0.1");
  fake.now_ms += 29'999;
  CHECK(fake.ask_now("a.test") == "1");
  CHECK(fake.questions.empty());
  fake.now_ms += 1;
  CHECK(fake.ask_now("a.test") == "1");
  CHECK(fake.ask_now("a.test") == "1");
  CHECK(fake.questions.size() == 1);
  fake.answer("10.0.0.2");
  CHECK(fake.ask_now("a.test") == "2");
  CHECK(fake.questions.empty());
}

TEST_CASE("an answer too old even for that is asked for anew") {
  Fake fake;
  const auto first = fake.ask("a.test");
  fake.answer("10.0.0.1");
  fake.now_ms += 30'000 + 600'000 - 1;
  CHECK(fake.ask_now("a.test") == "1");
  fake.answer("10.0.0.2");
  fake.now_ms += 30'000 + 600'000;
  fake.told.clear();
  const auto later = fake.ask("a.test");
  fake.loop.run_once(false);
  CHECK(fake.told.empty());
  fake.answer("10.0.0.3");
  CHECK(fake.told == "3");
}

TEST_CASE("a failure is remembered for 1 s") {
  Fake fake;
  const auto first = fake.ask("a.test");
  fake.answer("");
  CHECK(fake.told == "x");
  fake.now_ms += 999;
  CHECK(fake.ask_now("a.test") == "x");
  CHECK(fake.questions.empty());
  fake.now_ms += 1;
  const auto second = fake.ask("a.test");
  CHECK(fake.questions.size() == 1);
  fake.answer("10.0.0.1");
  CHECK(fake.ask_now("a.test") == "1");
}

TEST_CASE("a refresh that fails leaves the old answer, and is not repeated before 1 s") {
  Fake fake;
  const auto first = fake.ask("a.test");
  fake.answer("10.0.0.1");
  fake.now_ms += 30'000;
  CHECK(fake.ask_now("a.test") == "1");
  fake.answer("");
  CHECK(fake.ask_now("a.test") == "1");
  CHECK(fake.questions.empty());
  fake.now_ms += 1'000;
  CHECK(fake.ask_now("a.test") == "1");
  CHECK(fake.questions.size() == 1);
  fake.now_ms += 600'000;
  fake.answer("");
  CHECK(fake.ask_now("a.test") == "x");
}

TEST_CASE("who gave up is not told, the others are") {
  Fake fake;
  auto first = fake.ask("a.test");
  const auto second = fake.ask("a.test");
  first.reset();
  fake.answer("10.0.0.1");
  CHECK(fake.told == "1");
  auto cached = fake.ask("a.test");
  cached.reset();
  fake.loop.run_once(false);
  CHECK(fake.told == "1");
}

TEST_CASE("the question may be destroyed inside its answer, and another asked") {
  Fake fake;
  std::unique_ptr<Resolving> resolving, next;
  bool told = false;
  resolving = fake.resolver->resolve("a.test", [&](const Resolver::Addresses& addresses) {
    resolving.reset();
    next = fake.ask("b.test");
    told = addresses.has_value();
  });
  fake.answer("10.0.0.1");
  CHECK(told);
  fake.answer("10.0.0.2");
  CHECK(fake.told == "2");
}

TEST_CASE("at most so many names are remembered; the one not used for longest goes") {
  Fake fake(2);
  const auto a = fake.ask("a.test");
  fake.answer("10.0.0.1");
  ++fake.now_ms;
  const auto b = fake.ask("b.test");
  fake.answer("10.0.0.2");
  ++fake.now_ms;
  CHECK(fake.ask_now("a.test") == "1");
  ++fake.now_ms;
  const auto c = fake.ask("c.test");
  CHECK(fake.resolver->cached_names() == 2);
  fake.answer("10.0.0.3");
  CHECK(fake.ask_now("a.test") == "1");
  CHECK(fake.questions.empty());
  const auto d = fake.ask("b.test");
  CHECK(fake.questions.size() == 1);
  const auto e = fake.ask("d.test");
  CHECK(fake.questions.size() == 2);
  CHECK(fake.ask_now("e.test") == "x");  // both places are taken by pending lookups
  CHECK(fake.resolver->cached_names() == 2);
}

TEST_CASE("answers that come after the resolver is gone are dropped") {
  Fake fake;
  const auto resolving = fake.ask("a.test");
  fake.resolver.reset();
  fake.answer("10.0.0.1");
  CHECK(fake.told.empty());
}

TEST_CASE("a lookup that answers at once is still told later") {
  Loop loop;
  ResolverOptions options;
  options.lookup = [](const std::string&, const std::function<void(Resolver::Addresses)>& done) {
    done(std::vector{*SocketAddress::parse_ip("10.0.0.1")});
  };
  Resolver resolver(loop, std::move(options));
  bool told = false;
  const auto resolving = resolver.resolve("a.test", [&](const Resolver::Addresses&) { told = true; });
  CHECK_FALSE(told);
  loop.run_once(false);
  CHECK(told);
}

TEST_CASE("the system's resolver knows localhost, and says what it does not know") {
  Loop loop;
  Resolver resolver(loop);
  bool loopback = false, told = false;
  const auto known = resolver.resolve("localhost", [&](const Resolver::Addresses& addresses) {
    loopback = addresses && addresses->front().is_loopback();
    told = true;
  });
  CHECK(turn_until(loop, [&] { return told; }));
  CHECK(loopback);
  const std::string long_name(300, 'a');
  std::string message;
  const auto unknown = resolver.resolve(long_name, [&](const Resolver::Addresses& addresses) {
    REQUIRE_FALSE(addresses);
    CHECK(addresses.error().code == ErrorCode::target_unresolved);
    message = addresses.error().message;
  });
  CHECK(turn_until(loop, [&] { return !message.empty(); }));
  CHECK(message.find("cannot resolve " + long_name + ": ") == 0);
}

}  // namespace
}  // namespace sluice::net
