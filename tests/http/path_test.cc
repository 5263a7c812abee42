#include "http/path.h"

#include <catch2/catch.hpp>

namespace sluice::http {
namespace {

struct Case {
  const char* given;
  const char* normal;  // nullptr: rejected
};

TEST_CASE("paths in their normal form") {
  const Case cases[] = {
      {"*", "*"},
      {"/", "/"},
      {"//", "/"},
      {"///?a=/", "/?a=/"},
      {"/health", "/health"},
      {"/health/", "/health"},
      {"/health?x", "/health?x"},
      {"/health/?x=/../", "/health?x=/../"},
      {"/v1/models/", "/v1/models"},
      {"/v1/v1/models", "/v1/models"},
      {"/v1/v1", "/v1/v1"},
      {"/v1/v1x/a", "/v1/v1x/a"},
      {"/v1//v1/models//", "/v1/models"},
      {"/v1/v1beta/models", "/v1beta/models"},
      {"/v1beta/v1beta/models", "/v1beta/models"},
      {"/v1/models/a%2Fb", "/v1/models/a%2Fb"},
      {"/v1/models/a%2f%2Fb", "/v1/models/a%2f%2Fb"},
      {"/v1/models/...", "/v1/models/..."},
      {"/v1/models/.hidden", "/v1/models/.hidden"},
      {"/a/%E2%82%AC", "/a/%E2%82%AC"},
      {"/.", nullptr},
      {"/..", nullptr},
      {"/a/../b", nullptr},
      {"/a/.", nullptr},
      {"/a/%2e/b", nullptr},
      {"/a/.%2E", nullptr},
      {"/a/x%2F..%2Fy", nullptr},
      {"/a/x%5C..%5Cy", nullptr},
      {"/a%", nullptr},
      {"/a%2", nullptr},
      {"/a%2g", nullptr},
      {"/a%00", nullptr},
      {"/a%0A", nullptr},
      {"/a%7f", nullptr},
  };
  for (const Case& one : cases) {
    INFO(one.given);
    std::string target = one.given;
    const Result<void> fine = normalize_path(target);
    CHECK(fine.has_value() == (one.normal != nullptr));
    if (fine && one.normal != nullptr) CHECK(target == one.normal);
    if (!fine) CHECK(fine.error().code == ErrorCode::bad_request);
  }
}

}  // namespace
}  // namespace sluice::http
