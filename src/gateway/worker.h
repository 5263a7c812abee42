// One thread with its loop, listeners, callers' connections and links to the providers. On the request path workers
// share no written data except the kernel's listen queues and the counters of limits, memory and target health.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "alerts/alert_sender.h"
#include "config/config.h"
#include "gateway/buffer_budget.h"
#include "gateway/catalog.h"
#include "gateway/context.h"
#include "gateway/descriptors.h"
#include "gateway/dispatcher.h"
#include "gateway/exchange_list.h"
#include "gateway/id_makers.h"
#include "gateway/provider_link.h"
#include "gateway/setup.h"
#include "gateway/stream_store.h"
#include "http/inbound_connection.h"
#include "net/clock.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "policy/limiter.h"
#include "storage/memory_store.h"
#include "tls/context.h"

namespace sluice::gateway {

// What all workers of a gateway share: the current setup, which a reload swaps, and what outlives setups.
class Shared {
 public:
  Shared(std::shared_ptr<Setup> first, observe::Log& to, const net::Clock& by, net::Random& chance)
      : log(to), clock(by), random(chance), present_{std::move(first), nullptr} {
    present_.catalog = std::make_shared<const Catalog>(present_.setup->config, ToldLists(), random.next(),
                                                       present_.setup->health.get());
  }

  struct Present {
    std::shared_ptr<Setup> setup;
    std::shared_ptr<const Catalog> catalog;  // refers to the setup
  };
  // Any thread.
  Present present() const;
  std::shared_ptr<Setup> setup() const { return present().setup; }
  // Any thread. From now on every worker begins new requests with `next`. The model lists of unchanged providers are
  // kept.
  void swap(std::shared_ptr<Setup> next);
  // The same for the catalog, if `setup` is the current one.
  void swap_catalog(const Setup& setup, std::shared_ptr<const Catalog> next);
  // Frees replaced setups that no worker and no exchange uses any more. With 100,000 keys that takes a while, so call
  // it on a thread that no request waits for. Returns whether there were any.
  bool free_retired();
  const std::atomic<uint64_t>& generation() const { return generation_; }

  observe::Log& log;
  const net::Clock& clock;
  net::Random& random;
  std::unique_ptr<observe::Metrics> metrics;
  std::atomic<bool> draining{false};
  BufferBudget buffers;
  IdMakers id_makers{random.next()};
  StreamStore streams;
  storage::MemoryStore answers{storage::MemoryStoreBounds{}, [this] { return clock.unix_s(); }};
  // Makes each worker's pages; set by the wiring code.
  std::function<OwnPages(const Shared&, RefusedPage)> make_pages;
  ExchangeCensus::Ask ask_worker;  // index below `worker_count`; set once all workers are made
  size_t worker_count = 0;
  std::function<std::unique_ptr<http::Service>(net::Loop&)> make_demo;

 private:
  mutable std::mutex mutex_;  // off the request path, except for the first request after a swap
  Present present_;
  std::vector<std::shared_ptr<Setup>> retired_;
  std::vector<std::shared_ptr<const Catalog>> old_catalogs_;  // workers may still hold them
  std::atomic<uint64_t> generation_{1};
};

class Worker {
 public:
  // `shared` must outlive the worker. `index`: selects its metrics.
  Worker(Shared& shared, size_t index);
  ~Worker();

  // Accepts callers from one more socket. Before start(), or on the worker's thread. `number`: of this listener, in all
  // workers. Once the setup no longer has it, the listener and its connections are closed.
  void listen(net::ListenSocket socket, uint32_t number);
  // Any thread, after a swap: switches to the current setup now and listens on the `added` sockets.
  void go_over(std::vector<std::pair<uint32_t, net::ListenSocket>> added);
  void start();  // runs on its own thread from now on
  // Any thread: calls `drained`, on the worker's thread, once its last caller is gone; see Gateway::drain().
  // `hand_over`: accepts no more connections and waits a little for requests that may be on their way.
  void drain(bool hand_over, std::function<void()> drained);
  // Any thread: runs `task` on the worker's thread in a later turn of its loop; never while that is stuck.
  void post(std::function<void()> task) { loop_.post(std::move(task)); }
  // Its thread only.
  const ExchangeList& exchanges() const { return exchanges_; }
  // Any thread: cuts what is under way and ends immediately; join() waits for it.
  void stop();
  void join();

 private:
  // A setup and what this worker has made for it.
  struct WorkerSetup {
    explicit WorkerSetup(Shared::Present by) : setup(std::move(by.setup)), catalog(std::move(by.catalog)) {}
    const std::shared_ptr<Setup> setup;
    std::shared_ptr<const Catalog> catalog;
    std::optional<ProviderLinks> links;
    std::optional<LimitQueue> limits;
    std::optional<Context> context;
  };
  struct NumberedListener {
    uint32_t number;
    std::unique_ptr<net::Listener> listener;
  };
  [[gnu::cold]] Context& renew();
  [[gnu::cold]] void close_listeners();
  const WorkerSetup& now() const { return *setups_.back(); }
  void accept(std::unique_ptr<net::Stream> stream, uint32_t listener);
  void on_connections(size_t open);
  size_t max_callers() const;
  void give_memory_back();
  [[gnu::cold]] void tend_streams();
  void renew_alert_sender(const Setup& setup);
  void tick();

  Shared& shared_;
  net::Loop loop_;
  net::Resolver resolver_;
  observe::WorkerMetrics& metrics_;
  BufferShare buffers_;
  RequestIds ids_;
  ExchangeList exchanges_;
  observe::AccessLog access_log_;
  std::unique_ptr<http::Service> demo_;
  std::optional<http::InboundConnections> demo_connections_;
  http::PoolCounts pools_;
  alerts::FailureTally failures_;
  std::unique_ptr<alerts::AlertSender> alert_sender_;  // one worker has it for all; null: no alerts
  std::vector<std::unique_ptr<alerts::AlertSender>>
      earlier_alert_senders_;                         // still sending alerts from before a reload
  std::vector<std::unique_ptr<WorkerSetup>> setups_;  // the last is current; the others go with their last exchange
  std::optional<Dispatcher> dispatcher_;
  std::optional<http::InboundConnections> connections_;
  std::vector<NumberedListener> listeners_;
  std::unique_ptr<net::Timer> tick_;
  uint32_t ticks_ = 0;
  uint32_t idle_ticks_ = 0;      // without an exchange
  uint64_t exchanges_seen_ = 0;  // total number of exchanges seen
  uint64_t resident_after_ = 0;  // resident bytes after memory was last returned
  std::function<void()> drained_;
  bool paused_ = false;
  const DescriptorShare descriptors_;
  const bool first_;  // the first worker does the jobs that only one has to do
  std::thread thread_;
};

}  // namespace sluice::gateway
