#include "admin/limits_page.h"

#include "base/json_writer.h"

namespace sluice::admin {
namespace {

using policy::LimitState;

void write_budget(JsonWriter& out, std::string_view name, const LimitState::Budget& budget) {
  out.key(name);
  if (budget.per_minute == 0) return void(out.value(nullptr));
  out.object().member("limit", budget.per_minute).member("burst", budget.capacity);
  out.member("remaining", budget.remaining).member("reset_ms", (budget.full_in_ns + 999'999) / 1'000'000);
  out.end_object();
}

void write_limit(JsonWriter& out, LimitSubject subject, std::string_view name, const LimitState& state) {
  out.object().member("what", limit_subject_names[static_cast<size_t>(subject)]).member("name", name);
  write_budget(out, "requests", state.requests);
  write_budget(out, "tokens", state.tokens);
  out.key("concurrent").object().key("limit");
  state.concurrent != 0 ? out.value(state.concurrent) : out.value(nullptr);
  out.member("in_use", state.in_use).end_object();
  out.member("waiting", state.waiting).member("refused_total", state.refused_total).end_object();
}

}  // namespace

std::string limits_body(policy::Limiter* limiter, uint64_t now_ns, size_t most) {
  std::string body;
  JsonWriter out(body);
  out.object().key("limits").array();
  size_t shown = 0, left_out = 0, all = 0;
  if (limiter != nullptr) {
    limiter->for_each([&](LimitSubject, std::string_view, policy::Limit&) { ++all; });
    limiter->for_each([&](LimitSubject subject, std::string_view name, policy::Limit& limit) {
      if (shown == most || (all > most && !limit.has_bucket())) {
        ++left_out;
        return;
      }
      write_limit(out.line(), subject, name, limit.state(now_ns));
      ++shown;
    });
  }
  out.end_array().line().member("left_out", left_out).end_object().line_end();
  return body;
}

}  // namespace sluice::admin
