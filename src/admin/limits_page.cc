#include "admin/limits_page.h"

#include "base/json_escape.h"

namespace sluice::admin {
namespace {

using policy::LimitState;

void append_number(std::string& out, std::string_view name, uint64_t number) {
  append_json_string(out, name);
  out += ':';
  out += std::to_string(number);
}

void append_budget(std::string& out, std::string_view name, const LimitState::Budget& budget) {
  append_json_string(out, name);
  if (budget.per_minute == 0) {
    out += ":null,";
    return;
  }
  out += ":{";
  append_number(out, "limit", budget.per_minute);
  append_number(out += ',', "burst", budget.capacity);
  append_number(out += ',', "remaining", budget.remaining);
  append_number(out += ',', "reset_ms", (budget.full_in_ns + 999'999) / 1'000'000);
  out += "},";
}

void append_limit(std::string& out, LimitSubject subject, std::string_view name, const LimitState& state) {
  out += "{\"what\":";
  append_json_string(out, limit_subject_names[static_cast<size_t>(subject)]);
  out += ",\"name\":";
  append_json_string(out, name);
  out += ',';
  append_budget(out, "requests", state.requests);
  append_budget(out, "tokens", state.tokens);
  out += "\"concurrent\":{\"limit\":";
  out += state.concurrent != 0 ? std::to_string(state.concurrent) : "null";
  append_number(out += ',', "in_use", state.in_use);
  append_number(out += "},", "waiting", state.waiting);
  append_number(out += ',', "refused_total", state.refused_total);
  out += '}';
}

}  // namespace

std::string limits_body(policy::Limiter* limiter, uint64_t now_ns, size_t most) {
  std::string out = "{\"limits\":[";
  size_t shown = 0, left_out = 0, all = 0;
  if (limiter != nullptr) {
    limiter->for_each([&](LimitSubject, std::string_view, policy::Limit&) { ++all; });
    limiter->for_each([&](LimitSubject subject, std::string_view name, policy::Limit& limit) {
      if (shown == most || (all > most && !limit.has_bucket())) {
        ++left_out;
        return;
      }
      out += shown == 0 ? "\n" : ",\n";
      append_limit(out, subject, name, limit.state(now_ns));
      ++shown;
    });
  }
  out += "],\n";
  append_number(out, "left_out", left_out);
  out += "}\n";
  return out;
}

}  // namespace sluice::admin
