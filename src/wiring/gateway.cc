// include/sluice/gateway.h: wires configuration, workers, own pages and the demo provider into one running gateway.
#include "sluice/gateway.h"

#include <mutex>
#include <optional>
#include <thread>

#include "api/endpoint.h"
#include "base/heap.h"
#include "config/config.h"
#include "demo/demo_provider.h"
#include "gateway/list_keeper.h"
#include "gateway/worker.h"
#include "wiring/facts.h"
#include "wiring/listeners.h"

namespace sluice {

struct Gateway::State {
  const net::Clock& clock = net::Clock::system();
  net::Random& random = net::Random::system();
  const std::shared_ptr<tls::SystemRoots> roots = std::make_shared<tls::SystemRoots>();
  GatewayFacts facts;
  std::unique_ptr<gateway::Shared> shared;
  std::vector<std::unique_ptr<gateway::Worker>> workers;
  std::optional<gateway::ListKeeper> lists;
  Listeners listeners{{}};             // guarded by listening_mutex once it runs
  std::mutex reloading;                // one reload at a time
  mutable std::mutex listening_mutex;  // guards `listeners` and the short step from one setup to the next
  std::mutex asked_mutex;
  std::function<void(const std::string& by, Gateway::Reloaded)> reload_asked;  // guarded by asked_mutex
  bool hands_over = false;                                                     // sockets were passed
  std::atomic<size_t> still_draining{0};

  [[gnu::cold]] Result<void> prepare(std::shared_ptr<const config::Config> config, observe::Log& log);
  Result<void> bind();
  Result<void> ask_reload(const std::string& by, const Reloaded& done);
};

Gateway::Gateway() : state_(std::make_unique<State>()) {}

Gateway::~Gateway() { stop(); }

tl::expected<std::unique_ptr<Gateway>, std::string> Gateway::start(config::Config config, observe::Log& log) {
  return start(std::make_shared<const config::Config>(std::move(config)), log, {});
}

tl::expected<std::unique_ptr<Gateway>, std::string> Gateway::start(std::shared_ptr<const config::Config> config,
                                                                   observe::Log& log,
                                                                   std::vector<net::ListenSocket> passed) {
  std::unique_ptr<Gateway> gateway(new Gateway());
  State& state = *gateway->state_;
  state.hands_over = !passed.empty();
  state.listeners = Listeners(std::move(passed));
  state.facts.started_ns = state.clock.monotonic_ns();
  state.facts.started_unix_s = state.clock.unix_s();
  const Result<void> prepared = state.prepare(std::move(config), log);
  if (!prepared) return tl::unexpected<std::string>(prepared.error().message);
  const Result<void> bound = state.bind();
  if (!bound) return tl::unexpected<std::string>(bound.error().message);
  for (const auto& worker : state.workers) worker->start();
  state.lists.emplace(*state.shared).follow(state.shared->setup());
  return gateway;
}

// Everything that can fail before an address is bound.
Result<void> Gateway::State::prepare(std::shared_ptr<const config::Config> config, observe::Log& log) {
  auto setup = gateway::Setup::make(std::move(config), roots, nullptr, clock, random);
  if (!setup) return tl::unexpected<Error>(setup.error());
  const config::Config& kept = (*setup)->config;
  shared = std::make_unique<gateway::Shared>(*setup, log, clock, random);
  shared->make_pages = [this](const gateway::Shared& all, gateway::RefusedPage refused) {
    return make_pages(
        all, facts, [this](const std::string& by, Reloaded done) { return ask_reload(by, done); }, std::move(refused));
  };
  const auto memory = std::make_shared<demo::DemoMemory>();
  const auto made = std::make_shared<std::atomic<uint64_t>>(0);
  shared->make_demo = [memory, made](net::Loop& loop) {
    demo::DemoOptions options;
    options.seed = ++*made;
    options.memory = memory;
    return std::make_unique<demo::DemoProvider>(loop, options);
  };
  const size_t count = kept.workers != 0 ? kept.workers : std::max(1u, std::thread::hardware_concurrency());
  shared->metrics = std::make_unique<observe::Metrics>(count, clock.unix_ms(), api::operation_of);
  shared->metrics->watch(log);
  shared->metrics->set_certificates(shared->setup()->certificates);
  shared->metrics->watch_credentials([this] { return credential_states(*shared); });
  shared->metrics->watch_targets([this] { return target_states(*shared); });
  shared->worker_count = count;
  shared->ask_worker = [this](size_t index, gateway::ExchangeCensus::Task task) {
    gateway::Worker& worker = *workers[index];
    worker.post([&worker, task = std::move(task)] { task(worker.exchanges()); });
  };
  for (size_t i = 0; i < count; ++i) workers.push_back(std::make_unique<gateway::Worker>(*shared, i));
  return {};
}

Result<void> Gateway::State::bind() {
  const std::shared_ptr<gateway::Setup> setup = shared->setup();
  const bool tls = setup->listener_context != nullptr;
  auto added = listeners.open(setup->config, tls, workers.size());
  if (!added) return tl::unexpected<Error>(added.error());
  listeners.take_over(*added, setup->config, tls);
  listeners.tell(*setup);
  for (Listeners::Added& one : *added) {
    for (size_t i = 0; i < workers.size(); ++i) {
      workers[i]->listen(std::move(one.sockets[i]), one.listening.number);
    }
  }
  listeners.drop_unused(shared->log);
  return {};
}

Result<void> Gateway::State::ask_reload(const std::string& by, const Reloaded& done) {
  const std::lock_guard lock(asked_mutex);
  if (!reload_asked) return fail(ErrorCode::not_implemented, "reload is not available in this process");
  reload_asked(by, done);
  return {};
}

void Gateway::on_reload_asked(std::function<void(const std::string& by, Reloaded)> asked) {
  const std::lock_guard lock(state_->asked_mutex);
  state_->reload_asked = std::move(asked);
}

tl::expected<void, std::string> Gateway::reload(config::Config config) {
  return reload(std::make_shared<const config::Config>(std::move(config)));
}

tl::expected<void, std::string> Gateway::reload(std::shared_ptr<const config::Config> config) {
  State& state = *state_;
  const std::lock_guard one_at_a_time(state.reloading);
  state.shared->free_retired();
  const auto refused = [&state](const std::string& why) {
    state.shared->metrics->note_failed_reload();
    return tl::unexpected<std::string>(why);
  };
  const std::shared_ptr<gateway::Setup> before = state.shared->setup();
  auto next = gateway::Setup::make(std::move(config), state.roots, before.get(), state.clock, state.random);
  if (!next) return refused(next.error().message);
  const std::lock_guard lock(state.listening_mutex);
  if (state.facts.leaving) return tl::unexpected<std::string>("sluice is shutting down");
  gateway::Setup& made = **next;
  const bool tls = made.listener_context != nullptr;
  auto added = state.listeners.open(made.config, tls, state.workers.size());
  if (!added) return refused(added.error().message);
  state.listeners.take_over(*added, made.config, tls);
  state.listeners.tell(made);
  // The new setup serves all requests before callers can connect to its listeners.
  state.shared->swap(std::move(*next));
  for (size_t i = 0; i < state.workers.size(); ++i) {
    std::vector<std::pair<uint32_t, net::ListenSocket>> sockets;
    for (Listeners::Added& one : *added) sockets.emplace_back(one.listening.number, std::move(one.sockets[i]));
    state.workers[i]->go_over(std::move(sockets));
  }
  state.lists->follow(state.shared->setup());
  state.shared->metrics->set_certificates(state.shared->setup()->certificates);
  state.shared->metrics->note_reload(state.clock.unix_s());
  return {};
}

void Gateway::tidy() {
  if (state_->shared->free_retired()) give_freed_memory_back();
}

void Gateway::note_failed_reload() { state_->shared->metrics->note_failed_reload(); }

uint16_t Gateway::port() const {
  const std::lock_guard lock(state_->listening_mutex);
  return state_->listeners.port();
}
size_t Gateway::workers() const { return state_->workers.size(); }
std::vector<std::string> Gateway::addresses() const {
  const std::lock_guard lock(state_->listening_mutex);
  return state_->listeners.urls();
}
std::string Gateway::metrics() const { return state_->shared->metrics->page(); }

void Gateway::drain(std::function<void()> drained) {
  {
    const std::lock_guard lock(state_->listening_mutex);
    state_->facts.leaving = true;
  }
  state_->shared->draining = !state_->hands_over;
  state_->still_draining = state_->workers.size();
  for (const auto& worker : state_->workers) {
    worker->drain(state_->hands_over, [state = state_.get(), drained] {
      if (--state->still_draining == 0) drained();
    });
  }
}

void Gateway::when_all_turned(std::function<void()> done) {
  const auto left = std::make_shared<std::atomic<size_t>>(state_->workers.size());
  for (const auto& worker : state_->workers) {
    worker->post([left, done] {
      if (--*left == 0) done();
    });
  }
}

void Gateway::stop() {
  state_->lists.reset();
  for (const auto& worker : state_->workers) worker->stop();
  for (const auto& worker : state_->workers) worker->join();
  state_->workers.clear();
}

}  // namespace sluice
