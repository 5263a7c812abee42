#include "base/time_text.h"

#include <catch2/catch.hpp>
#include <vector>

namespace sluice {
namespace {

TEST_CASE("times are ISO 8601 in UTC") {
  struct Row {
    int64_t unix_ms;
    std::string text;
  };
  for (const Row& row : std::vector<Row>{{0, "1970-01-01T00:00:00.000Z"},
                                         {999, "1970-01-01T00:00:00.999Z"},
                                         {1767225600000, "2026-01-01T00:00:00.000Z"},
                                         {1709251199987, "2024-02-29T23:59:59.987Z"},
                                         {4102444799999, "2099-12-31T23:59:59.999Z"},
                                         {-1, "1969-12-31T23:59:59.999Z"}}) {
    CHECK(TimeText(row.unix_ms).view() == row.text);
  }
}

TEST_CASE("dates of HTTP") {
  CHECK(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(http_date(1709251199) == "Thu, 29 Feb 2024 23:59:59 GMT");
  CHECK(http_date(1798675199) == "Wed, 30 Dec 2026 23:59:59 GMT");
}

TEST_CASE("times of RFC 3339 without milliseconds") {
  CHECK(rfc3339(0) == "1970-01-01T00:00:00Z");
  CHECK(rfc3339(1709251199) == "2024-02-29T23:59:59Z");
  CHECK(rfc3339(-1) == "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace sluice
