// What an exchange needs from its worker. Everything here belongs to one worker's thread, unless it is immutable or
// said to be shared.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/alerts.h"
#include "config/config.h"
#include "gateway/buffer_budget.h"
#include "gateway/exchange_list.h"
#include "gateway/id_makers.h"
#include "gateway/limit_queue.h"
#include "gateway/provider_link.h"
#include "gateway/request_id.h"
#include "gateway/stream_store.h"
#include "gateway/usage_refusals.h"
#include "gateway/web_gate.h"
#include "net/address.h"
#include "net/loop.h"
#include "observe/access_record.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "policy/caller_keys.h"
#include "policy/recent_keys.h"
#include "routing/router.h"
#include "storage/store.h"

namespace sluice::gateway {

class Catalog;

struct Context {
  net::Loop& loop;
  const config::Config& config;
  const policy::CallerKeys& keys;
  const routing::Router* router;  // replaced when a provider's model list changes; do not keep it beyond a turn
  ProviderLinks& links;
  const net::CidrList& trusted_proxies;
  RequestIds& ids;
  observe::WorkerMetrics& metrics;
  observe::AccessLog* access_log;  // nullptr: records are off
  observe::Log& log;
  const std::atomic<bool>& draining;
  // Scratch for gathered writes and for heads. All exchanges share it: nothing may stay in it beyond a turn.
  std::vector<std::string_view> pieces;
  std::string lines;
  LimitQueue* limits = nullptr;              // nullptr: nothing is limited
  alerts::FailureTally* failures = nullptr;  // nullptr: failures are not reported
  BufferShare* buffers = nullptr;            // nullptr: the memory of bodies is not counted
  ExchangeList* exchanges = nullptr;         // of the worker; nullptr: they are not listed
  const WebGate* web = nullptr;              // nullptr: a request's origin is not checked
  UsageRefusals* usage_refusals = nullptr;   // shared by all workers; nullptr: none are kept
  IdMakers* id_makers = nullptr;             // shared by all workers; nullptr: none are remembered
  storage::AnswerStore* answers = nullptr;   // shared by all workers; nullptr: none are kept
  StreamStore* streams = nullptr;            // shared by all workers; nullptr: streams cannot be resumed
  const Catalog* catalog = nullptr;          // the router's; nullptr: no provider's list is known
  policy::RecentKeys recent_keys{};
  size_t users = 0;  // exchanges that refer to this
};

}  // namespace sluice::gateway
