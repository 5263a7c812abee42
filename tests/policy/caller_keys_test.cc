#include "policy/caller_keys.h"

#include <catch2/catch.hpp>

#include "policy/recent_keys.h"
#include "support/fake_clock.h"

namespace sluice::policy {
namespace {

std::string hex(const Digest& digest) {
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

TEST_CASE("sha256 gives the digests of FIPS 180-4") {
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256(std::string(1000, 'a'))) == "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
}

TEST_CASE("a key is found by its text or its digest, and by nothing else") {
  std::vector<config::CallerKey> keys(2);
  keys[0].name = "clear";
  keys[0].key = "sk-one";
  keys[1].name = "hashed";
  keys[1].sha256 = sha256("sk-two");
  const CallerKeys table(keys, 7, test::fixed_time_s);
  CHECK_FALSE(table.empty());
  CHECK(table.find("sk-one")->key == &keys[0]);
  CHECK(table.find("sk-two")->key == &keys[1]);
  for (const char* other : {"", "sk-on", "sk-one ", "SK-ONE", "sk-three"}) CHECK(table.find(other) == nullptr);
  CHECK(CallerKeys({}, 7, test::fixed_time_s).empty());
}

TEST_CASE("a key that was found lately is found again, and nothing else for it") {
  std::vector<config::CallerKey> keys(300);
  for (size_t i = 0; i < keys.size(); ++i) keys[i].key = "sk-a-key-that-is-clear-" + std::to_string(i);
  keys.emplace_back().sha256 = sha256("sk-a-key-that-is-hashed");
  keys.emplace_back().key = "short";
  const CallerKeys table(keys, 7, test::fixed_time_s);
  RecentKeys recent;
  for (int round = 0; round < 3; ++round) {
    for (const config::CallerKey& key : keys) {
      const std::string_view text = key.key.empty() ? std::string_view("sk-a-key-that-is-hashed") : key.key;
      CHECK(recent.find(table, text)->key == &key);
      CHECK(recent.find(table, std::string(text) + "x") == nullptr);
      CHECK(recent.find(table, "X" + std::string(text).substr(1)) == nullptr);
      CHECK(recent.find(table, text.substr(1)) == nullptr);
    }
    CHECK(recent.find(table, "") == nullptr);
  }
}

TEST_CASE("each of many keys is found, and none but they") {
  std::vector<config::CallerKey> keys(1000);
  for (size_t i = 0; i < keys.size(); ++i) keys[i].key = "sk-" + std::to_string(i);
  for (const size_t count : std::initializer_list<size_t>{1, 2, 3, 64, 1000}) {
    const std::vector<config::CallerKey> some(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(count));
    const CallerKeys table(some, 7, test::fixed_time_s);
    for (size_t i = 0; i < keys.size(); ++i) {
      INFO(count << " keys, number " << i);
      const KnownSecret* const found = table.find(keys[i].key);
      REQUIRE((found != nullptr) == (i < count));
      if (found != nullptr) REQUIRE(found->key == &some[i]);
    }
  }
}

int64_t now_unix_s = 0;  // for the test below

TEST_CASE("a secret is good to its last second, also where it was found lately") {
  constexpr int64_t end = 1'800'000'000;
  std::vector<config::CallerKey> keys(3);
  keys[0].key = "sk-a-key-that-expires";
  keys[0].expires_unix_s = end;
  keys[1].key = "sk-a-key-that-is-changed";
  keys[1].older = {{"sk-the-old-one-in-clear", {}, end}, {"", sha256("sk-the-oldest-as-a-digest"), end}};
  keys[2].key = "sk-a-key-that-stays";
  now_unix_s = end;
  const CallerKeys table(keys, 7, [] { return now_unix_s; });
  RecentKeys recent;
  struct Row {
    const char* text;
    size_t key;
    uint32_t number;
    bool expires;
  };
  constexpr Row rows[] = {{"sk-a-key-that-expires", 0, 0, true},
                          {"sk-a-key-that-is-changed", 1, 0, false},
                          {"sk-the-old-one-in-clear", 1, 1, true},
                          {"sk-the-oldest-as-a-digest", 1, 2, true},
                          {"sk-a-key-that-stays", 2, 0, false}};
  for (const int64_t now : {end - 1, end, end + 1, end + 1'000'000, end}) {
    now_unix_s = now;
    for (const Row& row : rows) {
      CAPTURE(row.text, now - end);
      for (const KnownSecret* const found : {table.find(row.text), recent.find(table, row.text)}) {
        REQUIRE(found != nullptr);
        CHECK(found->key == &keys[row.key]);
        CHECK(found->number == row.number);
        CHECK(table.has_expired(*found) == (row.expires && now > end));
      }
    }
  }
}

TEST_CASE("two keys with one secret, of which one is a digest, are told") {
  std::vector<config::CallerKey> keys(3);
  keys[0].key = "sk-one";
  keys[0].older = {{"sk-two", {}, 0}};
  keys[1].sha256 = sha256("sk-two");
  keys[1].older = {{"", sha256("sk-three"), 0}};
  keys[2].key = "sk-four";
  const CallerKeys table(keys, 7, test::fixed_time_s);
  REQUIRE(table.shared().size() == 1);
  CHECK(table.shared()[0].one == &keys[0]);
  CHECK(table.shared()[0].other == &keys[1]);
  CHECK(table.find("sk-four")->key == &keys[2]);
}

TEST_CASE("a key's models are names or prefixes") {
  config::CallerKey key;
  CHECK(may_use(key, "anything", "p/anything"));
  key.models = {"smart", "openai/*"};
  struct Row {
    const char* requested;
    const char* resolved;
    bool allowed;
  };
  for (const Row& row : std::vector<Row>{{"smart", "anthropic/claude", true},
                                         {"openai/gpt-4o", "openai/gpt-4o", true},
                                         {"gpt-4o", "openai/gpt-4o", true},
                                         {"smarter", "anthropic/claude", false},
                                         {"claude", "anthropic/claude", false},
                                         {"openai", "openai2/x", false},
                                         {"", "", false}}) {
    INFO(row.requested << " " << row.resolved);
    CHECK(may_use(key, row.requested, row.resolved) == row.allowed);
  }
}

}  // namespace
}  // namespace sluice::policy
