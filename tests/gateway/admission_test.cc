#include "gateway/admission.h"

#include <catch2/catch.hpp>
#include <optional>
#include <vector>

#include "support/fake_clock.h"

namespace sluice::gateway {
namespace {

TEST_CASE("administering is for admins' keys, and without keys for this machine") {
  struct Row {
    bool keyed;
    std::string fields, peer;
    std::optional<ErrorCode> refused;
  };
  config::Config config;
  config.keys.resize(2);
  config.keys[0].name = "team";
  config.keys[0].key = "team-key";
  config.keys[0].admin = true;
  config.keys[1].name = "free";
  config.keys[1].key = "free-key";
  const policy::CallerKeys keys(config.keys, 7, test::fixed_time_s), none({}, 7, test::fixed_time_s);
  for (const Row& row : std::vector<Row>{{true, "team-key", "10.0.0.1:5", {}},
                                         {true, "free-key", "127.0.0.1:5", ErrorCode::forbidden},
                                         {true, "wrong", "127.0.0.1:5", ErrorCode::unauthorized},
                                         {true, "", "127.0.0.1:5", ErrorCode::unauthorized},
                                         {false, "", "127.0.0.1:5", {}},
                                         {false, "", "[::1]:5", {}},
                                         {false, "", "unix", {}},
                                         {false, "", "10.0.0.1:5", ErrorCode::forbidden},
                                         {false, "", "[::2]:5", ErrorCode::forbidden},
                                         {false, "forwarded", "127.0.0.1:5", ErrorCode::forbidden}}) {
    CAPTURE(row.keyed, row.fields, row.peer);
    http::RequestHead head;
    if (row.fields == "forwarded") {
      head.fields.add("X-Forwarded-For", "10.0.0.1");
    } else if (!row.fields.empty()) {
      head.fields.add("Authorization", "Bearer " + row.fields);
    }
    const Result<Admitted> allowed = admit_admin(row.keyed ? keys : none, head, row.peer);
    CHECK(allowed.has_value() == !row.refused);
    if (!allowed) CHECK(allowed.error().code == *row.refused);
  }
}

}  // namespace
}  // namespace sluice::gateway
