#include "config/control_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sluice::config {
namespace {

tl::unexpected<Error> not_such() {
  return fail(ErrorCode::bad_request,
              "the body must be {\"target\": \"provider/model\", \"action\": \"drain\", \"bench\" or \"free\"}; with "
              "bench, \"for_s\": seconds from 1 to " +
                  std::to_string(max_bench_s) + " (default 60)");
}

}  // namespace

Result<ControlRequest> read_control_request(std::string_view body) {
  constexpr uint64_t ms_a_second = 1'000;
  const nlohmann::json parsed = nlohmann::json::parse(body, nullptr, false);
  if (!parsed.is_object()) return not_such();
  ControlRequest request;
  bool has_action = false;
  for (const auto& [name, value] : parsed.items()) {
    if (name == "target" && value.is_string()) {
      request.target = value.get<std::string>();
    } else if (name == "action" && value.is_string()) {
      const auto* const word =
          std::find(target_action_words.begin(), target_action_words.end(), value.get<std::string>());
      if (word == target_action_words.end()) return not_such();
      request.action = static_cast<TargetAction>(word - target_action_words.begin());
      has_action = true;
    } else if (name == "for_s" && value.is_number_unsigned() && value.get<uint64_t>() >= 1 &&
               value.get<uint64_t>() <= max_bench_s) {
      request.for_ms = value.get<uint64_t>() * ms_a_second;
    } else {
      return not_such();
    }
  }
  if (request.target.empty() || !has_action) return not_such();
  if (parsed.contains("for_s") && request.action != TargetAction::bench) return not_such();
  return request;
}

}  // namespace sluice::config
