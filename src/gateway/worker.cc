#include "gateway/worker.h"

#include <random>

#include "tls/stream.h"

namespace sluice::gateway {
namespace {

constexpr http::InboundConnections::Patience hand_over_patience = {.first_request_ms = 2'000, .next_request_ms = 100};

std::array<uint64_t, 2> entropy() {
  std::random_device device;
  const auto word = [&device] { return (uint64_t{device()} << 32) | device(); };
  return {word(), word()};
}

http::InboundOptions inbound_options(const config::Config& config) {
  http::InboundOptions options;
  options.limits.head_bytes = config.limits.header_bytes;
  options.limits.body_bytes = config.limits.body_bytes;
  options.head_ms = config.timeouts.head_ms;
  options.body_idle_ms = config.timeouts.body_idle_ms;
  options.keep_alive_ms = config.timeouts.keep_alive_ms;
  options.write_stall_ms = config.timeouts.write_stall_ms;
  return options;
}

}  // namespace

Worker::Worker(Shared& shared, size_t index)
    : shared_(shared),
      resolver_(loop_),
      keys_(shared.config.keys),
      metrics_(shared.metrics->worker(index)),
      ids_(entropy()),
      sweeps_(index == 0 && shared.limiter != nullptr) {
  if (shared_.limiter) limits_.emplace(loop_, *shared_.limiter, metrics_, shared_.config.limits.queue);
  if (shared_.config.log.access) access_log_.emplace(shared_.log, metrics_);
  if (shared_.make_demo) {
    demo_ = shared_.make_demo(loop_);
    demo_connections_.emplace(loop_, *demo_, http::InboundOptions{});
  }
  links_.emplace(loop_, resolver_, shared_.config, shared_.target_contexts,
                 [this](std::unique_ptr<net::Stream> stream) {
                   if (demo_connections_) demo_connections_->add(std::move(stream));
                 });
  context_.emplace(Context{loop_,
                           shared_.config,
                           keys_,
                           *shared_.router,
                           *links_,
                           shared_.trusted_proxies,
                           peeker_,
                           ids_,
                           metrics_,
                           access_log_ ? &*access_log_ : nullptr,
                           shared_.log,
                           shared_.draining,
                           {},
                           {},
                           limits_ ? &*limits_ : nullptr});
  front_.emplace(*context_, shared_.make_pages(shared_));
  connections_.emplace(loop_, *front_, inbound_options(shared_.config), [this](size_t open) { on_connections(open); });
  tick_ = std::make_unique<net::Timer>(loop_, [this] { tick(); });
}

Worker::~Worker() {
  stop();
  join();
  // What is on the loop goes before the loop, callers first: their exchanges hold what comes after.
  tick_.reset();
  listeners_.clear();
  connections_.reset();
  demo_connections_.reset();
  links_.reset();
}

void Worker::listen(net::ListenSocket socket) {
  listeners_.push_back(std::make_unique<net::Listener>(
      loop_, std::move(socket), [this](std::unique_ptr<net::Stream> stream) { accept(std::move(stream)); },
      [this](const Error& error) {
        metrics_.accept_paused_total.add(1);
        shared_.log.warn("cannot accept connections for a moment", {{"reason", error.message}});
      }));
}

void Worker::start() {
  thread_ = std::thread([this] {
    tick_->start(100, 100);
    loop_.run();
  });
}

void Worker::stop() { loop_.stop(); }

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::drain(bool hand_over, std::function<void()> drained) {
  loop_.post([this, hand_over, drained = std::move(drained)]() mutable {
    drained_ = std::move(drained);
    if (hand_over) listeners_.clear();
    connections_->drain(hand_over ? hand_over_patience : http::InboundConnections::Patience{});
    on_connections(connections_->size());
  });
}

void Worker::accept(std::unique_ptr<net::Stream> stream) {
  if (shared_.listener_context) {
    stream = std::make_unique<tls::TlsStream>(loop_, *shared_.listener_context, std::move(stream));
  }
  connections_->add(std::move(stream));
  metrics_.caller_connections_total.add(1);
  metrics_.caller_connections.set(static_cast<int64_t>(connections_->size()));
  if (connections_->size() < shared_.config.limits.connections || paused_) return;
  paused_ = true;
  metrics_.accept_paused_total.add(1);
  for (const auto& listener : listeners_) listener->pause();
}

// Some caller has gone.
void Worker::on_connections(size_t open) {
  metrics_.caller_connections.set(static_cast<int64_t>(open));
  if (paused_ && open < shared_.config.limits.connections) {
    paused_ = false;
    for (const auto& listener : listeners_) listener->resume();
  }
  if (open == 0 && drained_) std::exchange(drained_, nullptr)();
}

// Ten times a second: the records that have gathered, and the gauges that nobody keeps up to date on the way.
void Worker::tick() {
  if (access_log_ && !access_log_->empty()) access_log_->flush();
  const http::PoolCounts& pools = links_->counts();
  metrics_.pool_open.set(pools.open);
  metrics_.pool_idle.set(pools.idle);
  metrics_.pool_waiting.set(pools.waiting);
  metrics_.pool_reused_total.set(pools.reused_total);
  metrics_.pool_dialed_total.set(pools.dialed_total);
  constexpr size_t places = 1024;  // some microseconds; 100,000 keys are round in ten seconds
  if (sweeps_) shared_.limiter->sweep(net::Loop::now_ns(), places);
}

}  // namespace sluice::gateway
