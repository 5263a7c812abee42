#include "admin/targets_page.h"

#include <cmath>

#include "base/json_writer.h"
#include "config/control_request.h"

namespace sluice::admin {
namespace {

using routing::HealthState;
using routing::TargetHealth;

void write_time(JsonWriter& out, std::string_view name, uint64_t us) {
  constexpr uint64_t us_a_ms = 1'000;
  out.key(name);
  us != 0 ? out.value((us + us_a_ms - 1) / us_a_ms) : out.value(nullptr);
}

void write_target(JsonWriter& out, const TargetHealth& health, const HealthState& state, uint64_t all,
                  uint64_t now_ms) {
  constexpr double thousandths = 1'000;
  out.object().member("target", health.label()).member("state", name_of(state.standing));
  out.member("free_in_ms", state.free_in_ms).member("failures_in_a_row", state.failures_in_a_row);
  out.member("in_flight", state.in_flight).member("asked_total", state.asked);
  out.member("succeeded_total", state.succeeded).member("failed_total", state.failed);
  out.member("repeats_refused_total", state.refused_repeats);
  if (state.probes != 0) out.member("probes_total", state.probes).member("probes_missed_total", state.probes_missed);
  const double share = all != 0 ? static_cast<double>(state.asked) / static_cast<double>(all) : 0;
  const auto whole = static_cast<uint64_t>(std::lround(share * thousandths));
  std::string digits = std::to_string(whole % 1'000);
  digits.insert(0, 3 - digits.size(), '0');
  out.key("share").raw(std::to_string(whole / 1'000) + "." + digits);
  write_time(out, "first_output_ms", state.first_output_us);
  write_time(out, "first_output_p95_ms", state.p95_us);
  out.key("last_error");
  if (state.last_error.empty()) return void(out.value(nullptr).end_object());
  out.object().member("message", state.last_error);
  out.member("ago_ms", now_ms > state.last_error_ms ? now_ms - state.last_error_ms : 0).end_object().end_object();
}

}  // namespace

std::string targets_body(routing::HealthBoard& board, uint64_t now_ms, size_t most) {
  std::string body;
  JsonWriter out(body);
  out.object().key("targets").array();
  uint64_t asked = 0;
  board.for_each([&](const TargetHealth& health) { asked += health.state(now_ms).asked; });
  const size_t left_out =
      each_shown_target(board, now_ms, most, [&](const TargetHealth& health, const HealthState& state) {
        write_target(out.line(), health, state, asked, now_ms);
      });
  out.end_array().key("credentials").array();
  size_t room = most;
  board.for_each_credential([&](const config::Provider& provider, size_t place, uint64_t until_ms) {
    if (room == 0) return;
    --room;
    out.line().object().member("provider", provider.name).member("key", place + 1);
    out.member("weight", provider.api_keys[place].weight);
    out.member("state", until_ms > now_ms ? "benched" : "closed");
    out.member("free_in_ms", until_ms > now_ms ? until_ms - now_ms : 0).end_object();
  });
  out.end_array().line().member("left_out", left_out).end_object().line_end();
  return body;
}

Result<void> control_target(routing::HealthBoard& board, observe::Log& log, std::string_view body, uint64_t now_ms,
                            std::string_view key, std::string_view peer) {
  const Result<config::ControlRequest> request = config::read_control_request(body);
  if (!request) return tl::unexpected<Error>(request.error());
  TargetHealth* const health = board.find(request->target);
  if (health == nullptr) {
    return fail(ErrorCode::unknown_model,
                "no target is called '" + request->target + "'; GET /admin/targets lists them");
  }
  switch (request->action) {
    case config::TargetAction::drain:
      health->drain();
      break;
    case config::TargetAction::bench:
      health->bench(now_ms + request->for_ms);
      break;
    case config::TargetAction::free:
      health->free();
      break;
  }
  log.always(observe::Level::info, "an operator changed a target's state",
             {{"target", health->label()},
              {"action", config::target_action_words[static_cast<size_t>(request->action)]},
              {"key", key},
              {"peer", peer}});
  return {};
}

}  // namespace sluice::admin
