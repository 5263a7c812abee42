// One thread with a loop of its own: its listeners, its callers' connections, its ways to the providers. Workers share
// nothing that is written to, but for the kernel's listening queues and the rate limits' counters.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "gateway/context.h"
#include "gateway/front.h"
#include "gateway/provider_link.h"
#include "http/inbound_connection.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "policy/limiter.h"
#include "tls/context.h"

namespace sluice::gateway {

// What all workers of a gateway share; immutable but for `draining` and the limiter's counters.
struct Shared {
  Shared(config::Config given, observe::Log& to) : config(std::move(given)), log(to) {}

  const config::Config config;
  observe::Log& log;
  std::unique_ptr<observe::Metrics> metrics;
  TargetContexts target_contexts;
  std::shared_ptr<tls::ListenerContext> listener_context;  // null: plain
  std::unique_ptr<routing::Router> router;
  std::unique_ptr<policy::Limiter> limiter;  // null: nothing is limited
  net::CidrList trusted_proxies;
  std::atomic<bool> draining{false};
  // Made for each worker, on its thread, by whoever wires the program.
  std::function<OwnPages(const Shared&)> make_pages;
  std::function<std::unique_ptr<http::Service>(net::Loop&)> make_demo;
};

class Worker {
 public:
  // `shared` must outlive the worker. `index`: which metrics are its own.
  Worker(Shared& shared, size_t index);
  ~Worker();

  // Accepts callers from one more socket; before start().
  void listen(net::ListenSocket socket);
  void start();  // runs on its own thread from now on
  // Any thread: calls `drained`, on the worker's thread, once its last caller is gone; see Gateway::drain().
  // `hand_over`: accepts nobody from now on, and waits a little for requests that may be on their way.
  void drain(bool hand_over, std::function<void()> drained);
  // Any thread: runs `task` on the worker's thread in a later turn of its loop; never while that is stuck.
  void post(std::function<void()> task) { loop_.post(std::move(task)); }
  void stop();  // any thread: ends at once; join() waits for it
  void join();

 private:
  void accept(std::unique_ptr<net::Stream> stream);
  void on_connections(size_t open);
  void tick();

  Shared& shared_;
  net::Loop loop_;
  net::Resolver resolver_;
  policy::CallerKeys keys_;
  observe::WorkerMetrics& metrics_;
  api::RequestPeeker peeker_;
  RequestIds ids_;
  std::optional<observe::AccessLog> access_log_;
  std::unique_ptr<http::Service> demo_;
  std::optional<http::InboundConnections> demo_connections_;
  std::optional<ProviderLinks> links_;
  std::optional<LimitQueue> limits_;
  std::optional<Context> context_;
  std::optional<Front> front_;
  std::optional<http::InboundConnections> connections_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::unique_ptr<net::Timer> tick_;
  std::function<void()> drained_;
  bool paused_ = false;
  const bool sweeps_;  // the limiter's idle buckets: one worker does it for all
  std::thread thread_;
};

}  // namespace sluice::gateway
