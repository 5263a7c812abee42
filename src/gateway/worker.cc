#include "gateway/worker.h"

#include <algorithm>
#include <iterator>

#include "base/heap.h"
#include "gateway/certificates.h"
#include "gateway/settlement.h"
#include "gateway/way_out.h"
#include "observe/process_stats.h"
#include "tls/stream.h"

namespace sluice::gateway {
namespace {

constexpr http::InboundConnections::Patience hand_over_patience = {.first_request_ms = 2'000, .next_request_ms = 100};

http::InboundOptions inbound_options(const config::Config& config) {
  http::InboundOptions options;
  options.limits.head_bytes = config.limits.header_bytes;
  options.head_ms = config.timeouts.head_ms;
  options.body_idle_ms = config.timeouts.body_idle_ms;
  options.keep_alive_ms = config.timeouts.keep_alive_ms;
  options.write_stall_ms = config.timeouts.write_stall_ms;
  return options;
}

constexpr uint64_t streams_share = 8;  // kept streams may use at most 1/8 of the bodies' budget
constexpr uint64_t tick_ms = 100;
constexpr uint32_t ticks_a_day = 24 * 3600 * 1000 / tick_ms;
constexpr uint32_t ticks_a_flush = observe::AccessLog::flush_ms / tick_ms;

bool has_demo(const config::Config& config) {
  return std::any_of(config.providers.begin(), config.providers.end(),
                     [](const config::Provider& provider) { return provider.base_url.demo; });
}

bool can_resume(const config::Config& config) {
  const auto may = [](const auto& one) { return one.resume_ms != 0; };
  return std::any_of(config.models.begin(), config.models.end(), may) ||
         std::any_of(config.providers.begin(), config.providers.end(), may);
}

}  // namespace

Shared::Present Shared::present() const {
  const std::lock_guard lock(mutex_);
  return present_;
}

void Shared::swap(std::shared_ptr<Setup> next) {
  const Present before = present();
  ToldLists lists = lists_kept(next->config, before.setup->config, before.catalog->lists());
  auto catalog = std::make_shared<const Catalog>(next->config, std::move(lists), random.next(), next->health.get());
  const std::lock_guard lock(mutex_);
  present_.setup.swap(next);
  present_.catalog.swap(catalog);
  retired_.push_back(std::move(next));
  old_catalogs_.push_back(std::move(catalog));
  generation_.fetch_add(1, std::memory_order_release);
}

void Shared::swap_catalog(const Setup& setup, std::shared_ptr<const Catalog> next) {
  std::vector<std::shared_ptr<const Catalog>> unused;  // freed after the lock is released, and not by a worker
  const std::lock_guard lock(mutex_);
  if (present_.setup.get() != &setup) return;
  present_.catalog.swap(next);
  old_catalogs_.push_back(std::move(next));
  const auto first =
      std::partition(old_catalogs_.begin(), old_catalogs_.end(), [](const auto& one) { return one.use_count() > 1; });
  std::move(first, old_catalogs_.end(), std::back_inserter(unused));
  old_catalogs_.erase(first, old_catalogs_.end());
  generation_.fetch_add(1, std::memory_order_release);
}

bool Shared::free_retired() {
  std::vector<std::shared_ptr<Setup>> unused;  // freed after the lock is released
  const std::lock_guard lock(mutex_);
  const auto first =
      std::partition(retired_.begin(), retired_.end(), [](const auto& one) { return one.use_count() > 1; });
  std::move(first, retired_.end(), std::back_inserter(unused));
  retired_.erase(first, retired_.end());
  return !unused.empty();
}

Worker::Worker(Shared& shared, size_t index)
    : shared_(shared),
      loop_(shared.clock, shared.random),
      resolver_(loop_),
      metrics_(shared.metrics->worker(index)),
      buffers_(shared.buffers),
      ids_({loop_.random().next(), loop_.random().next()}),
      access_log_(shared.log, metrics_),
      descriptors_(share_of_limit(shared.worker_count)),
      first_(index == 0) {
  pools_.max_idle = descriptors_.max_idle;
  dispatcher_.emplace(
      renew(), shared_.make_pages(shared_, [this](const http::RequestHead& head, const http::Responder& responder,
                                                  const Error& error, std::string request_id) {
        settle_refused_page(*setups_.back()->context, head, responder, error, std::move(request_id));
      }));
  dispatcher_->follow(shared_.generation(), [this]() -> Context& { return renew(); });
  connections_.emplace(loop_, *dispatcher_, inbound_options(now().setup->config),
                       [this](size_t open) { on_connections(open); });
  tick_ = std::make_unique<net::Timer>(loop_, [this] { tick(); });
}

Worker::~Worker() {
  stop();
  join();
  // Everything on the loop is destroyed before the loop, callers first: their exchanges refer to the rest.
  tick_.reset();
  listeners_.clear();
  connections_.reset();
  demo_connections_.reset();
  alert_sender_.reset();
  earlier_alert_senders_.clear();
  setups_.clear();
}

// Makes what this worker needs for the current setup. Unchanged parts are taken over.
Context& Worker::renew() {
  Shared::Present present = shared_.present();
  if (!setups_.empty() && present.setup == now().setup) {  // only the catalog has changed
    setups_.back()->catalog = std::move(present.catalog);
    setups_.back()->context->router = &now().catalog->router();
    setups_.back()->context->catalog = now().catalog.get();
    return *setups_.back()->context;
  }
  auto next = std::make_unique<WorkerSetup>(std::move(present));
  Setup& setup = *next->setup;
  if (setup.limiter) next->limits.emplace(loop_, *setup.limiter, metrics_, setup.config.limits.queue);
  if (shared_.make_demo && !demo_ && has_demo(setup.config)) {
    demo_ = shared_.make_demo(loop_);
    demo_connections_.emplace(loop_, *demo_, http::InboundOptions{});
  }
  const auto accept_demo = [this](std::unique_ptr<net::Stream> stream) {
    if (demo_connections_) demo_connections_->add(std::move(stream));
  };
  const ProviderLinks* const before = setups_.empty() ? nullptr : &*now().links;
  next->links.emplace(loop_, resolver_, setup.config, setup.target_contexts, accept_demo, pools_, before);
  next->context.emplace(Context{loop_,
                                setup.config,
                                setup.keys,
                                &next->catalog->router(),
                                *next->links,
                                setup.trusted_proxies,
                                ids_,
                                metrics_,
                                setup.config.log.access ? &access_log_ : nullptr,
                                shared_.log,
                                shared_.draining,
                                {},
                                {},
                                next->limits ? &*next->limits : nullptr});
  shared_.buffers.set_most(setup.config.limits.buffered_bytes);
  shared_.streams.set_most(setup.config.limits.buffered_bytes / streams_share);
  next->context->buffers = &buffers_;
  next->context->exchanges = &exchanges_;
  next->context->web = &setup.web;
  if (setup.alerts) next->context->failures = &failures_;
  next->context->usage_refusals = &setup.usage_refusals;
  next->context->id_makers = &shared_.id_makers;
  next->context->answers = &shared_.answers;
  if (can_resume(setup.config) || shared_.streams.size() != 0) next->context->streams = &shared_.streams;
  next->context->catalog = next->catalog.get();
  if (first_) renew_alert_sender(setup);
  if (connections_) connections_->set_options(inbound_options(setup.config));
  setups_.push_back(std::move(next));
  if (connections_) close_listeners();
  return *setups_.back()->context;
}

// Closes the listeners that the current setup does not have, within this turn, so that none of their callers is served
// by the new setup.
void Worker::close_listeners() {
  const Setup& setup = *now().setup;
  const Setup& before = *setups_[setups_.size() - 2]->setup;
  if ((setup.listener_context == nullptr) != (before.listener_context == nullptr)) connections_->keep_only({});
  if (setup.kept_listeners == before.kept_listeners) return;
  const auto has = [](const std::vector<uint32_t>& numbers, uint32_t number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
  };
  connections_->keep_only(setup.kept_listeners);
  for (const NumberedListener& one : listeners_) {
    if (!has(setup.listeners, one.number) && has(setup.kept_listeners, one.number)) one.listener->accept_rest();
  }
  std::erase_if(listeners_, [&](const NumberedListener& one) { return !has(setup.listeners, one.number); });
}

void Worker::renew_alert_sender(const Setup& setup) {
  if (alert_sender_) {
    if (setup.config.alerts == alert_sender_->config()) return;
    alert_sender_->tick(loop_.now_ns() / 1'000'000);
    earlier_alert_senders_.push_back(std::move(alert_sender_));
  }
  if (!setup.alerts) return;
  alert_sender_ = std::make_unique<alerts::AlertSender>(
      loop_, [this](const config::AlertTarget& target) { return dialer_to(loop_, resolver_, target); },
      setup.config.alerts, setup.alerts, metrics_, shared_.log);
}

void Worker::listen(net::ListenSocket socket, uint32_t number) {
  auto listener = std::make_unique<net::Listener>(
      loop_, std::move(socket),
      [this, number](std::unique_ptr<net::Stream> stream) { accept(std::move(stream), number); },
      [this](const Error& error) {
        metrics_.accept_paused_total.add(1);
        shared_.log.warn("cannot accept connections for a moment", {{"reason", error.message}});
      });
  if (paused_) listener->pause();
  listeners_.push_back({number, std::move(listener)});
}

void Worker::go_over(std::vector<std::pair<uint32_t, net::ListenSocket>> added) {
  const auto sockets = std::make_shared<std::vector<std::pair<uint32_t, net::ListenSocket>>>(std::move(added));
  loop_.post([this, sockets] {
    dispatcher_->keep_up();
    const std::vector<uint32_t>& listeners = now().setup->listeners;
    for (auto& [number, socket] : *sockets) {
      // The next reload may have happened already.
      if (std::find(listeners.begin(), listeners.end(), number) == listeners.end()) continue;
      listen(std::move(socket), number);
    }
    sockets->clear();
  });
}

void Worker::start() {
  thread_ = std::thread([this] {
    tick_->start(tick_ms, tick_ms);
    loop_.run();
  });
}

void Worker::stop() {
  // Callers that read a stream must see that it was cut.
  loop_.post([this] {
    if (connections_)
      connections_->cut_all({ErrorCode::draining, "this sluice is shutting down; try again in a moment"});
  });
  loop_.stop();
}

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

void Worker::accept(std::unique_ptr<net::Stream> stream, uint32_t listener) {
  const bool renewed = dispatcher_->keep_up();
  const Setup& setup = *now().setup;
  const std::vector<uint32_t>& kept = setup.kept_listeners;
  if (renewed && std::find(kept.begin(), kept.end(), listener) == kept.end()) [[unlikely]]
    return;
  if (setup.listener_context) {
    stream = std::make_unique<tls::TlsStream>(loop_, *setup.listener_context, std::move(stream));
  }
  connections_->add(std::move(stream), listener);
  metrics_.caller_connections_total.add(1);
  metrics_.caller_connections.set(static_cast<int64_t>(connections_->size()));
  if (connections_->size() < max_callers() || paused_) return;
  paused_ = true;
  metrics_.accept_paused_total.add(1);
  for (const auto& one : listeners_) one.listener->pause();
}

size_t Worker::max_callers() const {
  return std::min<size_t>(now().setup->config.limits.connections, descriptors_.callers);
}

// A caller's connection has closed.
void Worker::on_connections(size_t open) {
  metrics_.caller_connections.set(static_cast<int64_t>(open));
  if (paused_ && open < max_callers()) {
    paused_ = false;
    for (const auto& one : listeners_) one.listener->resume();
  }
  if (open == 0 && drained_) std::exchange(drained_, nullptr)();
}

// Memory freed by large bodies stays with the allocator while there is work, because page faults for new memory cost
// more than keeping it. After an idle period it is returned to the system, if it is enough to be worth the time.
void Worker::give_memory_back() {
  constexpr uint32_t patience = 20;  // ticks
  constexpr uint64_t worth_bytes = 4 << 20;
  const bool busy = exchanges_.size() > 0 || exchanges_.added() != exchanges_seen_;
  exchanges_seen_ = exchanges_.added();
  idle_ticks_ = busy ? 0 : idle_ticks_ + 1;
  if (idle_ticks_ != patience) return;
  const uint64_t resident = observe::resident_bytes();
  if (resident != 0 && resident < resident_after_ + worth_bytes) return;
  give_freed_memory_back();
  resident_after_ = observe::resident_bytes();
}

void Worker::tend_streams() {
  StreamStore& streams = shared_.streams;
  if (streams.size() == 0 && metrics_.kept_streams.get() == 0) return;
  streams.drop_old(loop_.now_ms());
  metrics_.kept_streams.set(static_cast<int64_t>(streams.size()));
  metrics_.kept_stream_bytes.set(static_cast<int64_t>(streams.bytes()));
}

// Runs ten times a second: updates the gauges that are not kept current otherwise, flushes the access log (less often)
// and does the housekeeping.
void Worker::tick() {
  if (++ticks_ % ticks_a_flush == 0 && !access_log_.empty()) access_log_.flush();
  metrics_.pool_open.set(pools_.open);
  metrics_.pool_idle.set(pools_.idle);
  metrics_.pool_waiting.set(pools_.waiting);
  metrics_.pool_reused_total.set(pools_.reused_total);
  metrics_.pool_dialed_total.set(pools_.dialed_total);
  metrics_.buffered_bytes.set(static_cast<int64_t>(buffers_.used()));
  dispatcher_->keep_up();
  std::erase_if(setups_, [this](const auto& next) { return next != setups_.back() && next->context->users == 0; });
  if (now().setup->alerts) now().setup->alerts->gather(failures_);
  failures_.clear();  // without alerts, drops those of exchanges that began under an earlier setup
  if (alert_sender_) alert_sender_->tick(loop_.now_ns() / 1'000'000);
  std::erase_if(earlier_alert_senders_, [](const auto& sender) { return sender->idle(); });
  constexpr size_t places = 1024;  // some microseconds; 100,000 keys take ten seconds
  if (first_ && ticks_ % ticks_a_day == 0)
    warn_of_certificates(now().setup->certificates, shared_.clock.unix_s(), shared_.log);
  if (first_) tend_streams();
  give_memory_back();
  if (first_ && now().setup->limiter) now().setup->limiter->sweep(loop_.now_ns(), places);
}

}  // namespace sluice::gateway
