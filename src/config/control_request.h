// The body of POST /admin/targets. It is here because it is JSON.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::config {

// What an operator does to a target.
enum class TargetAction : unsigned char { drain, bench, free };
inline constexpr std::array<std::string_view, 3> target_action_words = {"drain", "bench", "free"};

struct ControlRequest {
  std::string target;  // "provider/model"
  TargetAction action = TargetAction::free;
  uint64_t for_ms = 60'000;  // for bench
};
inline constexpr uint32_t max_bench_s = 604'800;

// {"target": "lab/x", "action": "bench", "for_s": 60}. Anything else is bad_request, with the correct form.
Result<ControlRequest> read_control_request(std::string_view body);

}  // namespace sluice::config
