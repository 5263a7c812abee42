// The "limits" of a key, a provider or a model.
#include "config/fields.h"
#include "config/sections.h"

namespace sluice::config {

void read_rate_limits(Reading& reading, const ObjectReader& parent, RateLimits& limits) {
  // The bounds of the limiter's arithmetic (policy/gcra.h), far beyond what any provider grants.
  constexpr uint32_t max_requests = 100'000'000;
  constexpr uint32_t max_tokens = 1'000'000'000;
  constexpr uint32_t max_concurrent = 1'000'000;
  const Node* node = parent.find("limits");
  if (node == nullptr) return;
  const ObjectReader object(reading, *node, parent.path("limits"), fields::rate_limits);
  object.read_whole("requests_per_minute", 0, max_requests, limits.requests_per_minute);
  object.read_whole("burst", 0, max_requests, limits.burst);
  object.read_whole("tokens_per_minute", 0, max_tokens, limits.tokens_per_minute);
  object.read_whole("concurrent", 0, max_concurrent, limits.concurrent);
  object.read_seconds("queue_s", limits.queue_ms);
  const Node* burst = object.find("burst");
  if (burst != nullptr && object.find("requests_per_minute") == nullptr) {
    reading.report(burst->at, object.path("burst"), "needs requests_per_minute, which is missing");
  }
  const Node* queue = object.find("queue_s");
  if (queue != nullptr && queue->kind == Node::Kind::number && limits.queue_ms != 0 && !limits.any()) {
    reading.report(queue->at, object.path("queue_s"), "is given, but there is no limit to wait for",
                   "allowed: with requests_per_minute, tokens_per_minute or concurrent");
  }
}

}  // namespace sluice::config
