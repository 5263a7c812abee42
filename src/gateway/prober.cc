#include "gateway/prober.h"

#include <algorithm>

#include "gateway/list_call.h"

namespace sluice::gateway {
namespace {

constexpr uint32_t max_probe_ms = 10'000;  // for one probe
// After so many misses, requests test the provider as they do without probes: it may just have no model list.
constexpr uint32_t max_misses = 20;

enum class Told : unsigned char { back, gone, nothing };

// A status about the credential or about rate limits says nothing about whether requests would be answered.
Told told_by(int status) {
  constexpr int unauthorized = 401, forbidden = 403, timed_out = 408, limited = 429, failed = 500;
  if (status == unauthorized || status == forbidden || status == limited) return Told::nothing;
  return status >= failed || status == timed_out || status == 0 ? Told::gone : Told::back;
}

}  // namespace

Prober::Prober(Options options) : options_(options) {
  for (const config::Provider& provider : options_.config.providers) {
    if (provider.probe_ms != 0) probes_.push_back(std::make_unique<Probe>(options_, provider));
  }
}

Prober::Probe::Probe(const Options& options, const config::Provider& provider)
    : options_(options), provider_(provider) {
  arm();
}

void Prober::Probe::arm() { options_.loop.timers().arm(due_, provider_.probe_ms); }

bool Prober::Probe::any_open() {
  bool any = false;
  options_.health.for_each_of(provider_, [&](routing::TargetHealth& health) { any = any || health.breaker_is_open(); });
  return any;
}

void Prober::Probe::on_due() {
  if (options_.draining) return;  // no more requests will come
  if (any_open()) return ask();
  misses_ = 0;
  arm();
}

void Prober::Probe::ask() {
  if (link_ == nullptr) {
    link_ = &options_.links.of(provider_);
    call_ = std::make_unique<http::Call>(options_.loop, *link_->pool, static_cast<http::CallEvents&>(*this));
  }
  const auto key = options_.health.of(provider_, "", false).free_credential(provider_, options_.loop.now_ms(), 0);
  request_ = list_request(*link_, key.value_or(0));
  status_ = 0;
  call_->start(request_, {.connect_ms = provider_.timeouts.connect_ms, .whole_ms = max_probe_ms, .head_is_all = true});
}

void Prober::Probe::on_call_failed(const Error& error) {
  problem_ = error.message;
  on_told(false);
}

void Prober::Probe::on_call_end() {
  const Told told = told_by(status_);
  if (told == Told::nothing) return arm();
  problem_ = "answered " + std::to_string(status_);
  on_told(told == Told::back);
}

void Prober::Probe::on_told(bool back) {
  const uint64_t now_ms = options_.loop.now_ms();
  const bool holds = ++misses_ <= max_misses;
  const bool first = misses_ == 1;
  if (back) misses_ = 0;
  const uint64_t until_ms = now_ms + (holds ? provider_.probe_ms + max_probe_ms : 0);
  bool any = false;
  options_.health.for_each_of(provider_, [&](routing::TargetHealth& health) {
    any = (back ? health.probe_answered(now_ms) : health.probe_missed(until_ms)) || any;
  });
  if (back && any) options_.log.info("a provider answers again and is used again", {{"provider", provider_.name}});
  if (!back && first) {
    options_.log.warn("a provider whose breaker is open does not answer",
                      {{"provider", provider_.name}, {"reason", problem_}});
  }
  arm();
}

}  // namespace sluice::gateway
