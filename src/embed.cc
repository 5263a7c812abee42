// include/sluice/gateway.h: wires configuration, workers, own pages and the demo provider into one running gateway.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

#include "admin/limits_page.h"
#include "admin/pages.h"
#include "config/config.h"
#include "demo/demo_provider.h"
#include "gateway/admission.h"
#include "gateway/worker.h"
#include "sluice/gateway.h"

namespace sluice {

struct Gateway::State {
  const std::shared_ptr<tls::SystemRoots> roots = std::make_shared<tls::SystemRoots>();
  std::unique_ptr<gateway::Shared> shared;
  std::vector<std::unique_ptr<gateway::Worker>> workers;
  std::vector<net::ListenSocket> passed;  // not used yet
  struct Listening {
    uint32_t number;                     // of no other one, ever
    std::vector<uint32_t> in_its_place;  // those that this one listens in the place of
    config::Address address;             // as configured
    std::string text;                    // as bound
    uint16_t port;                       // 0: a Unix socket
    std::string url;
  };
  std::vector<Listening> listening;
  uint32_t listeners_made = 0;
  std::mutex reloading;                // one at a time
  mutable std::mutex listening_mutex;  // guards `listening` and the step from one setup to the next, which is short
  std::mutex asked_mutex;
  std::function<void(const std::string& by, Gateway::Reloaded)> reload_asked;  // guarded by it
  bool hands_over = false;                                                     // sockets were passed
  std::atomic<bool> leaving{false};                                            // drain() was called
  std::atomic<size_t> still_draining{0};
  uint64_t started_ns = 0;
  int64_t started_unix_s = 0;

  [[gnu::cold]] Result<void> prepare(std::shared_ptr<const config::Config> config, observe::Log& log);
  Result<void> bind();
  using Sockets = std::vector<net::ListenSocket>;  // one for each worker
  struct Added {
    Listening listening;
    Sockets sockets;
  };
  Result<net::ListenSocket> socket_at(const config::Address& address, bool beside_own);
  [[gnu::cold]] Result<Sockets> sockets_at(const config::Address& address, bool beside_own = false);
  Listening listening_at(const config::Address& address, const net::ListenSocket& socket, bool tls);
  Result<std::vector<Added>> new_sockets(const config::Config& next, bool tls);
  bool moves_within_port(const config::Config& next, const config::Address& address) const;
  void take_over(std::vector<Added>& added, const config::Config& next, bool tls);
  void tell_listeners(gateway::Setup& setup) const;
  bool listens_at(const config::Address& address) const;
  Result<void> ask_reload(const std::string& by, const Reloaded& done);
};

namespace {

// What a key may see of the known models.
Result<std::vector<api::ListedModel>> models_for(const gateway::Setup& setup, const http::RequestHead& head) {
  const Result<gateway::Admitted> admitted = gateway::admit(setup.keys, head);
  if (!admitted) return tl::unexpected<Error>(admitted.error());
  std::vector<api::ListedModel> models;
  for (const auto& [name, provider] : setup.router.known_models()) {
    if (admitted->key != nullptr && !policy::may_use(*admitted->key, name, "")) continue;
    models.push_back({name, provider});
  }
  return models;
}

using AskReload = std::function<Result<void>(const std::string& by, Gateway::Reloaded)>;

std::string key_name(const gateway::Setup& setup, const http::RequestHead& head) {
  const Result<gateway::Admitted> admitted = gateway::admit(setup.keys, head);
  return admitted && admitted->key != nullptr ? admitted->key->name : "";
}

// Who has the configuration read again, for the log.
std::string asker(const std::string& key, std::string_view peer) {
  std::string text = key.empty() ? "no key" : "key " + key;
  text += ", from ";
  text += peer;
  return text;
}

gateway::OwnPages make_pages(const gateway::Shared& shared, const std::atomic<bool>& leaving, uint64_t started_ns,
                             int64_t started_unix_s, const AskReload& ask_reload, gateway::RefusedPage refused) {
  const auto models = [&shared](const http::RequestHead& head) { return models_for(*shared.setup(), head); };
  const auto limits = [&shared](const http::RequestHead& head, std::string_view peer) -> Result<std::string> {
    const std::shared_ptr<gateway::Setup> setup = shared.setup();
    const Result<void> allowed = gateway::may_administer(setup->keys, head, peer);
    if (!allowed) return tl::unexpected<Error>(allowed.error());
    return admin::limits_body(setup->limiter.get(), net::Loop::now_ns());
  };
  const auto may = [&shared](const http::RequestHead& head, std::string_view peer) {
    return gateway::may_administer(shared.setup()->keys, head, peer);
  };
  const auto census = std::make_shared<gateway::ExchangeCensus>(shared.ask_worker);
  const auto exchanges = [&shared, may, census](const http::RequestHead& head, std::string_view peer, net::Loop& loop,
                                                admin::Pages::Done done) -> Result<void> {
    if (const Result<void> allowed = may(head, peer); !allowed) return allowed;
    census->take(loop, shared.worker_count, std::move(done));
    return {};
  };
  const auto reload = [&shared, may, ask_reload](const http::RequestHead& head, std::string_view peer, net::Loop& loop,
                                                 admin::Pages::Reloaded done) -> Result<void> {
    if (const Result<void> allowed = may(head, peer); !allowed) return allowed;
    const std::string by = asker(key_name(*shared.setup(), head), peer);
    return ask_reload(by, [&loop, done = std::move(done)](std::vector<std::string> problems) {
      loop.post([done, problems = std::move(problems)] { done(problems); });
    });
  };
  const auto name = [&shared](const http::RequestHead& head) { return key_name(*shared.setup(), head); };
  gateway::OwnPages pages;
  pages.knows = admin::Pages::knows;
  pages.service = std::make_unique<admin::Pages>(
      admin::Pages::Options{*shared.metrics, leaving, models, started_ns, started_unix_s, admin::Clock::system(),
                            limits, exchanges, may, &shared.log, reload, name, std::move(refused)});
  return pages;
}

bool is_wildcard(const config::Address& address) { return address.host == "0.0.0.0" || address.host == "::"; }

// Whether whoever could connect where `old` is bound can where `fresh` is: "0.0.0.0:8000" for "127.0.0.1:8000".
bool takes_place_of(std::string_view fresh, std::string_view old) {
  if (fresh == old) return true;
  const auto port_of = [](std::string_view text) { return text.substr(std::min(text.rfind(':'), text.size())); };
  const bool is_v6 = old.starts_with('[');
  const std::string_view wildcard = is_v6 ? "[::]" : "0.0.0.0";
  return !old.starts_with("unix:") && port_of(fresh) == port_of(old) &&
         fresh.substr(0, fresh.size() - port_of(fresh).size()) == wildcard;
}

std::string url_of(const config::Address& address, uint16_t port, bool tls) {
  if (!address.unix_path.empty()) return "unix:" + address.unix_path;
  config::Address bound = address;
  bound.port = port;
  return (tls ? "https://" : "http://") + bound.text();
}

}  // namespace

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
  state.passed = std::move(passed);
  state.hands_over = !state.passed.empty();
  state.started_ns = net::Loop::now_ns();
  state.started_unix_s =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const Result<void> prepared = state.prepare(std::move(config), log);
  if (!prepared) return tl::unexpected<std::string>(prepared.error().message);
  const Result<void> bound = state.bind();
  if (!bound) return tl::unexpected<std::string>(bound.error().message);
  for (const auto& worker : state.workers) worker->start();
  return gateway;
}

// All that can fail before an address is taken.
Result<void> Gateway::State::prepare(std::shared_ptr<const config::Config> config, observe::Log& log) {
  auto setup = gateway::Setup::make(std::move(config), roots, nullptr);
  if (!setup) return tl::unexpected<Error>(setup.error());
  const config::Config& kept = (*setup)->config;
  shared = std::make_unique<gateway::Shared>(*setup, log);
  shared->make_pages = [this](const gateway::Shared& all, gateway::RefusedPage refused) {
    return make_pages(
        all, leaving, started_ns, started_unix_s,
        [this](const std::string& by, Reloaded done) { return ask_reload(by, done); }, std::move(refused));
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
  shared->metrics = std::make_unique<observe::Metrics>(count);
  shared->metrics->watch(log);
  shared->metrics->set_certificates(shared->setup()->certificates);
  shared->worker_count = count;
  shared->ask_worker = [this](size_t index, gateway::ExchangeCensus::Task task) {
    gateway::Worker& worker = *workers[index];
    worker.post([&worker, task = std::move(task)] { task(worker.exchanges()); });
  };
  for (size_t i = 0; i < count; ++i) workers.push_back(std::make_unique<gateway::Worker>(*shared, i));
  return {};
}

Result<net::ListenSocket> Gateway::State::socket_at(const config::Address& address, bool beside_own) {
  for (auto socket = passed.begin(); socket != passed.end(); ++socket) {
    if (!socket->is_at(address.host, address.port, address.unix_path)) continue;
    net::ListenSocket found = std::move(*socket);
    passed.erase(socket);
    return found;
  }
  if (!address.unix_path.empty()) return net::ListenSocket::at_path(address.unix_path);
  return net::ListenSocket::tcp(address.host, address.port, beside_own);
}

// Every worker listens on every address: TCP by SO_REUSEPORT, a Unix socket or one that was passed by sharing the one
// queue.
Result<void> Gateway::State::bind() {
  const std::shared_ptr<gateway::Setup> setup = shared->setup();
  for (const config::Address& address : setup->config.listen) {
    auto sockets = sockets_at(address);
    if (!sockets) return tl::unexpected<Error>(sockets.error());
    listening.push_back(listening_at(address, sockets->front(), setup->listener_context != nullptr));
    for (size_t i = 0; i < workers.size(); ++i) {
      workers[i]->listen(std::move((*sockets)[i]), listening.back().number);
    }
  }
  tell_listeners(*setup);
  for (const net::ListenSocket& unused : passed) {
    shared->log.warn("a socket was passed that is at no address of listen; it is not used",
                     {{"address", unused.text()}});
  }
  passed.clear();
  return {};
}

// One for each worker.
Result<Gateway::State::Sockets> Gateway::State::sockets_at(const config::Address& address, bool beside_own) {
  Sockets sockets;
  auto first = socket_at(address, beside_own);
  if (!first) return tl::unexpected<Error>(first.error());
  sockets.push_back(std::move(*first));
  while (sockets.size() < workers.size()) {
    auto another = sockets.front().another();
    if (!another) return tl::unexpected<Error>(another.error());
    sockets.push_back(std::move(*another));
  }
  return sockets;
}

Gateway::State::Listening Gateway::State::listening_at(const config::Address& address, const net::ListenSocket& socket,
                                                       bool tls) {
  return {++listeners_made, {}, address, socket.text(), socket.port(), url_of(address, socket.port(), tls)};
}

// Whether we listen at its port already, at addresses that `next` has not: what does not fit beside them only is no
// mistake. What stays must fit beside it, as it would have to after a restart.
bool Gateway::State::moves_within_port(const config::Config& next, const config::Address& address) const {
  if (!address.unix_path.empty() || address.port == 0) return false;
  bool moves = false;
  for (const Listening& one : listening) {
    if (one.address.port != address.port || !one.address.unix_path.empty()) continue;
    const bool stays = std::find(next.listen.begin(), next.listen.end(), one.address) != next.listen.end();
    if (stays && (is_wildcard(one.address) || is_wildcard(address))) return false;
    moves = moves || !stays;
  }
  return moves;
}

// Of what `next` listens on beside what is listened on already. Callers wait in the sockets' queues from now on: until
// they are accepted, or for nothing if another address cannot be had, so those come last that take an old one's place.
Result<std::vector<Gateway::State::Added>> Gateway::State::new_sockets(const config::Config& next, bool tls) {
  std::vector<Added> added;
  for (const bool moves : {false, true}) {
    for (const config::Address& address : next.listen) {
      if (listens_at(address) || moves_within_port(next, address) != moves) continue;
      auto sockets = sockets_at(address, moves);
      if (!sockets) return tl::unexpected<Error>(sockets.error());
      Listening made = listening_at(address, sockets->front(), tls);
      added.push_back({std::move(made), std::move(*sockets)});
    }
  }
  return added;
}

// Of what is listened on by now, only what `next` has is left, and `added`.
void Gateway::State::take_over(std::vector<Added>& added, const config::Config& next, bool tls) {
  std::erase_if(listening, [&](const Listening& one) {
    if (std::find(next.listen.begin(), next.listen.end(), one.address) != next.listen.end()) return false;
    for (Added& fresh : added) {
      if (!takes_place_of(fresh.listening.text, one.text)) continue;
      std::vector<uint32_t>& numbers = fresh.listening.in_its_place;
      numbers.push_back(one.number);
      numbers.insert(numbers.end(), one.in_its_place.begin(), one.in_its_place.end());
    }
    return true;
  });
  for (Listening& one : listening) one.url = url_of(one.address, one.port, tls);
  for (Added& fresh : added) listening.push_back(fresh.listening);
}

void Gateway::State::tell_listeners(gateway::Setup& setup) const {
  for (const Listening& one : listening) {
    setup.listeners.push_back(one.number);
    setup.kept_listeners.push_back(one.number);
    setup.kept_listeners.insert(setup.kept_listeners.end(), one.in_its_place.begin(), one.in_its_place.end());
  }
}

bool Gateway::State::listens_at(const config::Address& address) const {
  return std::any_of(listening.begin(), listening.end(), [&](const Listening& one) { return one.address == address; });
}

Result<void> Gateway::State::ask_reload(const std::string& by, const Reloaded& done) {
  const std::lock_guard lock(asked_mutex);
  if (!reload_asked) return fail(ErrorCode::not_implemented, "whoever runs this sluice does not reload it");
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
    state.shared->metrics->note_reload(false);
    return tl::unexpected<std::string>(why);
  };
  const std::shared_ptr<gateway::Setup> before = state.shared->setup();
  auto next = gateway::Setup::make(std::move(config), state.roots, before.get());
  if (!next) return refused(next.error().message);
  const std::lock_guard lock(state.listening_mutex);
  if (state.leaving) return tl::unexpected<std::string>("sluice is going down");
  gateway::Setup& made = **next;
  const bool tls = made.listener_context != nullptr;
  auto added = state.new_sockets(made.config, tls);
  if (!added) return refused(added.error().message);
  state.take_over(*added, made.config, tls);
  state.tell_listeners(made);
  // First all is served by the new setup, then callers come in where it listens.
  state.shared->swap(std::move(*next));
  for (size_t i = 0; i < state.workers.size(); ++i) {
    std::vector<std::pair<uint32_t, net::ListenSocket>> sockets;
    for (State::Added& one : *added) sockets.emplace_back(one.listening.number, std::move(one.sockets[i]));
    state.workers[i]->go_over(std::move(sockets));
  }
  state.shared->metrics->set_certificates(state.shared->setup()->certificates);
  state.shared->metrics->note_reload(true);
  return {};
}

void Gateway::tidy() {
  if (state_->shared->free_retired()) ::malloc_trim(0);
}

void Gateway::note_failed_reload() { state_->shared->metrics->note_reload(false); }

uint16_t Gateway::port() const {
  const std::lock_guard lock(state_->listening_mutex);
  for (const auto& one : state_->listening) {
    if (one.port != 0) return one.port;
  }
  return 0;
}
size_t Gateway::workers() const { return state_->workers.size(); }
std::vector<std::string> Gateway::addresses() const {
  const std::lock_guard lock(state_->listening_mutex);
  std::vector<std::string> urls;
  for (const auto& one : state_->listening) urls.push_back(one.url);
  return urls;
}
std::string Gateway::metrics() const { return state_->shared->metrics->page(); }

void Gateway::drain(std::function<void()> drained) {
  {
    const std::lock_guard lock(state_->listening_mutex);
    state_->leaving = true;
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
  for (const auto& worker : state_->workers) worker->stop();
  for (const auto& worker : state_->workers) worker->join();
  state_->workers.clear();
}

}  // namespace sluice
