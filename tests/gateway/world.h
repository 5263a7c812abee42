// A whole gateway worker without threads or sockets: a caller at one end of a memory pipe, scripted targets at the
// other.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/context.h"
#include "gateway/dispatcher.h"
#include "http/inbound_connection.h"
#include "net/loop.h"
#include "net/memory_pipe.h"
#include "net/resolver.h"
#include "observe/access_record.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "support/fake_clock.h"
#include "support/peer.h"

namespace sluice::gateway {

struct World {
  test::FakeClock clock;
  test::FakeRandom random;
  net::Loop loop{clock, random};
  config::Config config;
  int log_pipe[2] = {-1, -1};
  std::unique_ptr<observe::Log> log;
  observe::Metrics metrics{1, test::fake_unix_ms};
  std::unique_ptr<routing::Router> router;
  std::unique_ptr<policy::CallerKeys> keys;
  std::unique_ptr<net::Resolver> resolver;
  http::PoolCounts pools;
  TargetContexts contexts;
  std::unique_ptr<ProviderLinks> links;
  std::unique_ptr<policy::Limiter> limiter;
  std::unique_ptr<LimitQueue> limits;  // null: no limits are configured
  net::CidrList proxies;
  BufferBudget budget;
  BufferShare buffers{budget};
  RequestIds ids{{1, 2}};
  std::atomic<bool> draining{false};
  std::unique_ptr<observe::AccessLog> access_log;
  std::optional<Context> context;
  UsageRefusals usage_refusals;
  IdMakers id_makers{7};
  StreamStore streams;
  std::optional<Dispatcher> dispatcher;
  std::unique_ptr<http::InboundConnections> connections;
  std::vector<std::unique_ptr<Peer>> targets;  // in the order they were dialed
  std::unique_ptr<Peer> caller;

  // One provider "lab" of all dialects; its model "real-model" is called "fast" here.
  static config::Config plain_config();
  explicit World(config::Config given = plain_config());
  ~World();

  void connect();  // a new caller
  void turn(int times = 60);
  // Turns until `condition` holds; when idle, moves the clock to the next timer.
  template <typename Condition>
  bool until(Condition condition) {
    return test::turn_until(loop, clock, condition);
  }
  void say(std::string_view text) {
    caller->stream->write(text);
    turn();
  }
  Peer& target() { return *targets.back(); }
  void target_says(std::string_view text) {
    target().stream->write(text);
    turn();
  }
  // All access records so far, one a line.
  std::string records();
  observe::WorkerMetrics& cells() { return metrics.worker(0); }
};

std::string post(std::string_view path, std::string_view body, std::string_view more_fields = "");
// A plain answer with no content, in every dialect.
inline constexpr std::string_view any_answer = R"({"choices":[],"output":[],"content":[],"candidates":[],"done":true})";
std::string ok_json(std::string_view body, std::string_view more_fields = "");

}  // namespace sluice::gateway
