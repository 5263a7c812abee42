// "keys": several secrets for one key, and when they expire.
#include <algorithm>
#include <catch2/catch.hpp>

#include "base/time_text.h"
#include "config/expiry.h"
#include "support.h"

namespace sluice::config {
namespace {

using test::environment_of;
using test::problems_of;

constexpr int64_t end_of_march = 1'806'537'599;  // 2027-03-31T23:59:59Z

TEST_CASE("a date is good to its end in UTC, a time to its second") {
  struct Row {
    const char* text;
    int64_t expires;
  };
  for (const Row& row : std::vector<Row>{{"2027-03-31", end_of_march},
                                         {"2027-03-31T23:59:59Z", end_of_march},
                                         {"2027-03-31t23:59:59.999z", end_of_march},
                                         {"2027-04-01 01:29:59+01:30", end_of_march},
                                         {"2027-03-31T18:29:59-05:30", end_of_march},
                                         {"2028-02-29", 1'835'481'599},
                                         {"9999-12-31", 253'402'300'799}}) {
    CAPTURE(row.text);
    REQUIRE(parse_expiry(row.text));
    CHECK(*parse_expiry(row.text) == row.expires);
    CHECK(parse_expiry(rfc3339(row.expires)) == row.expires);
  }
  CHECK(rfc3339(end_of_march) == "2027-03-31T23:59:59Z");
  for (const char* text : {"",
                           "tomorrow",
                           "2027",
                           "2027-3-31",
                           "2027-02-29",
                           "2027-13-01",
                           "2027-00-01",
                           "2027-01-00",
                           "27-03-31",
                           "31.03.2027",
                           "2027-03-31T",
                           "2027-03-31T10:00",
                           "2027-03-31T10:00:00",
                           "2027-03-31T24:00:00Z",
                           "2027-03-31T10:60:00Z",
                           "2027-03-31T10:00:61Z",
                           "2027-03-31T10:00:00.Z",
                           "2027-03-31T10:00:00+0100",
                           "2027-03-31T10:00:00+24:00",
                           "2027-03-31T10:00:00Zulu",
                           "2027-03-31 ",
                           " 2027-03-31",
                           "1999-12-31",
                           "10000-01-01",
                           "-027-03-31",
                           "2027-03-3l"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_expiry(text));
  }
}

TEST_CASE("a key may have a list of secrets, the newest first, each with an end of its own") {
  const std::string digest(64, 'a');
  const auto config = parse(R"({"keys": [
    {"name": "one", "key": "sk-only", "expires": "2027-03-31"},
    {"name": "many", "key": ["${NEW}", {"key": "sk-old", "expires": "2027-03-31"}, {"sha256": ")" +
                                digest + R"("}]},
    {"name": "bounded", "sha256": [")" +
                                std::string(64, 'b') + R"(", {"key": "sk-older", "expires": "2030-01-01"}],
     "expires": "2027-03-31T23:59:59Z"}]})",
                            "sluice.json", environment_of({{"NEW", "sk-new"}}));
  REQUIRE(config);
  const auto& keys = config->keys;
  CHECK(keys[0].key == "sk-only");
  CHECK(keys[0].expires_unix_s == end_of_march);
  CHECK(keys[0].older.empty());
  CHECK(keys[1].key == "sk-new");
  CHECK(keys[1].expires_unix_s == 0);
  REQUIRE(keys[1].older.size() == 2);
  CHECK(keys[1].older[0].key == "sk-old");
  CHECK(keys[1].older[0].expires_unix_s == end_of_march);
  CHECK(keys[1].older[1].sha256[31] == 0xaa);
  CHECK(keys[1].older[1].expires_unix_s == 0);
  CHECK(keys[2].sha256[0] == 0xbb);
  REQUIRE(keys[2].older.size() == 1);
  CHECK(keys[2].older[0].expires_unix_s == end_of_march);  // the same as the key's
}

TEST_CASE("what is wrong with a key's secrets is said, without them") {
  struct Row {
    std::string key;
    const char* said;
  };
  const std::string digest(64, 'a');
  for (const Row& row : std::vector<Row>{
           {R"("key": [])", "keys[0].key: found an empty list"},
           {R"("key": ["sk-secret", 3])", "keys[0].key[1]: found a number"},
           {R"("key": ["sk-secret", {"expires": "2027-03-31"}])", "keys[0].key[1]: has neither key nor sha256"},
           {R"("key": ["sk-secret", {"key": "sk-secret2", "sha256": ")" + digest + R"("}])", "has both key and sha256"},
           {R"("key": ["sk-secret", {"key": "sk-secret2", "until": "2027-03-31"}])",
            "keys[0].key[1].until: unknown field"},
           {R"("key": ["sk-secret", {"key": "sk-secret2", "expires": "soon"}])",
            R"(keys[0].key[1].expires: found "soon")"},
           {R"("key": ["sk-secret", ["sk-secret2"]])", "keys[0].key[1]: found a list"},
           {R"("key": {})", "keys[0].key: found an object without"},
           {R"("key": ["sk-secret", "sk-other", "sk-secret"])", "keys[0].key: holds the same secret twice"},
           {R"("sha256": [")" + digest + R"(", ")" + digest + R"("])", "keys[0].sha256: holds the same secret twice"},
           {R"("sha256": ["sk-secret"])", "keys[0].sha256[0]: is not a SHA-256 digest"},
           {R"("key": "sk-secret", "expires": 20270331)", "keys[0].expires: found 20270331"},
           {R"("key": "sk-secret", "expires": "31.3.2027")", "as 2027-03-31 (to its end, in UTC)"},
           {R"("key": ["sk-secret", "sk-theirs"]}, {"name": "b", "key": ["sk-new", "sk-theirs"])",
            "keys[1].key: is the same as that of a"},
           {R"("key": ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"])",
            "found a list of more than 16"}}) {
    CAPTURE(row.key);
    const auto problems = problems_of(R"({"keys": [{"name": "a", )" + row.key + "}]}");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find(row.said) != std::string::npos);
    CHECK(problems[0].find("sk-") == std::string::npos);
  }
}

TEST_CASE("a key that has expired, or will within 14 days, is warned of") {
  constexpr int64_t day_s = 24 * 3600;
  const auto warnings = [](int64_t expires, int64_t old_expires) {
    Config config;
    config.keys.resize(1);
    config.keys[0].name = "team";
    config.keys[0].expires_unix_s = expires;
    config.keys[0].older.push_back({"sk-old", {}, old_expires});
    warn_of_expiry(config, end_of_march);
    std::string text;
    for (const std::string& warning : config.warnings) text += warning + "\n";
    return text;
  };
  CHECK(warnings(0, 0).empty());
  CHECK(warnings(end_of_march + 14 * day_s, end_of_march + 14 * day_s).empty());
  CHECK(warnings(end_of_march + 14 * day_s - 1, 0) ==
        "keys: team expires in 13 days, at 2027-04-14T23:59:58Z; callers get 401 from then on\n");
  CHECK(warnings(end_of_march + day_s, 0).find("in 1 day,") != std::string::npos);
  CHECK(warnings(end_of_march, 0).find("expires in less than a day") != std::string::npos);
  CHECK(warnings(end_of_march - 1, 0).find("team has expired, at 2027-03-31T23:59:58Z") != std::string::npos);
  CHECK(warnings(0, end_of_march - 1).find("an old secret of team has expired") != std::string::npos);
  CHECK(warnings(end_of_march - 1, end_of_march - 1).find("old secret") == std::string::npos);
}

}  // namespace
}  // namespace sluice::config
