// include/sluice/gateway.h: wires configuration, workers, own pages and the demo provider into one running gateway.
#include <algorithm>
#include <chrono>
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
  std::unique_ptr<gateway::Shared> shared;
  std::vector<std::unique_ptr<gateway::Worker>> workers;
  std::vector<net::ListenSocket> passed;  // not used yet
  std::vector<std::string> addresses;
  uint16_t port = 0;
  bool hands_over = false;           // sockets were passed
  std::atomic<bool> leaving{false};  // drain() was called
  std::atomic<size_t> still_draining{0};
  uint64_t started_ns = 0;
  int64_t started_unix_s = 0;

  Result<void> prepare(config::Config config, observe::Log& log);
  Result<void> bind();
  Result<net::ListenSocket> socket_at(const config::Address& address);
};

namespace {

// What a key may see of the known models.
Result<std::vector<api::ListedModel>> models_for(const gateway::Shared& shared, const policy::CallerKeys& keys,
                                                 const http::RequestHead& head) {
  const Result<gateway::Admitted> admitted = gateway::admit(keys, head);
  if (!admitted) return tl::unexpected<Error>(admitted.error());
  std::vector<api::ListedModel> models;
  for (const auto& [name, provider] : shared.router->known_models()) {
    if (admitted->key != nullptr && !policy::may_use(*admitted->key, name, "")) continue;
    models.push_back({name, provider});
  }
  return models;
}

gateway::OwnPages make_pages(const gateway::Shared& shared, const std::atomic<bool>& leaving, uint64_t started_ns,
                             int64_t started_unix_s) {
  const auto keys = std::make_shared<policy::CallerKeys>(shared.config.keys);
  const auto models = [&shared, keys](const http::RequestHead& head) { return models_for(shared, *keys, head); };
  const auto limits = [&shared, keys](const http::RequestHead& head, std::string_view peer) -> Result<std::string> {
    const Result<void> allowed = gateway::may_administer(*keys, head, peer);
    if (!allowed) return tl::unexpected<Error>(allowed.error());
    return admin::limits_body(shared.limiter.get(), net::Loop::now_ns());
  };
  gateway::OwnPages pages;
  pages.knows = admin::Pages::knows;
  pages.service = std::make_unique<admin::Pages>(admin::Pages::Options{*shared.metrics, leaving, models, started_ns,
                                                                       started_unix_s, admin::Clock::system(), limits});
  return pages;
}

bool has_demo(const config::Config& config) {
  return std::any_of(config.providers.begin(), config.providers.end(),
                     [](const config::Provider& provider) { return provider.base_url.demo; });
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
  return start(std::move(config), log, {});
}

tl::expected<std::unique_ptr<Gateway>, std::string> Gateway::start(config::Config config, observe::Log& log,
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
Result<void> Gateway::State::prepare(config::Config config, observe::Log& log) {
  shared = std::make_unique<gateway::Shared>(std::move(config), log);
  const config::Config& kept = shared->config;
  auto contexts = gateway::make_target_contexts(kept, std::make_shared<tls::SystemRoots>());
  if (!contexts) return tl::unexpected<Error>(contexts.error());
  shared->target_contexts = std::move(*contexts);
  if (!kept.tls_cert_file.empty()) {
    auto context = tls::ListenerContext::create({kept.tls_cert_file, kept.tls_key_file});
    if (!context) return tl::unexpected<Error>(context.error());
    shared->listener_context = std::move(*context);
  }
  auto proxies = net::CidrList::parse(kept.trusted_proxies);
  if (!proxies) return tl::unexpected<Error>(proxies.error());
  shared->trusted_proxies = std::move(*proxies);
  shared->router = std::make_unique<routing::Router>(kept);
  shared->limiter = policy::Limiter::create(kept);
  shared->make_pages = [this](const gateway::Shared& all) {
    return make_pages(all, leaving, started_ns, started_unix_s);
  };
  if (has_demo(kept)) {
    const auto memory = std::make_shared<demo::DemoMemory>();
    const auto made = std::make_shared<std::atomic<uint64_t>>(0);
    shared->make_demo = [memory, made](net::Loop& loop) {
      demo::DemoOptions options;
      options.seed = ++*made;
      options.memory = memory;
      return std::make_unique<demo::DemoProvider>(loop, options);
    };
  }
  const size_t count = kept.workers != 0 ? kept.workers : std::max(1u, std::thread::hardware_concurrency());
  shared->metrics = std::make_unique<observe::Metrics>(count);
  for (size_t i = 0; i < count; ++i) workers.push_back(std::make_unique<gateway::Worker>(*shared, i));
  return {};
}

Result<net::ListenSocket> Gateway::State::socket_at(const config::Address& address) {
  for (auto socket = passed.begin(); socket != passed.end(); ++socket) {
    if (!socket->is_at(address.host, address.port, address.unix_path)) continue;
    net::ListenSocket found = std::move(*socket);
    passed.erase(socket);
    return found;
  }
  if (!address.unix_path.empty()) return net::ListenSocket::at_path(address.unix_path);
  return net::ListenSocket::tcp(address.host, address.port);
}

// Every worker listens on every address: TCP by SO_REUSEPORT, a Unix socket or one that was passed by sharing the one
// queue.
Result<void> Gateway::State::bind() {
  for (const config::Address& address : shared->config.listen) {
    auto first = socket_at(address);
    if (!first) return tl::unexpected<Error>(first.error());
    if (port == 0) port = first->port();
    addresses.push_back(url_of(address, first->port(), shared->listener_context != nullptr));
    for (size_t i = 1; i < workers.size(); ++i) {
      auto another = first->another();
      if (!another) return tl::unexpected<Error>(another.error());
      workers[i]->listen(std::move(*another));
    }
    workers[0]->listen(std::move(*first));
  }
  for (const net::ListenSocket& unused : passed) {
    shared->log.warn("a socket was passed that is at no address of listen; it is not used",
                     {{"address", unused.text()}});
  }
  passed.clear();
  return {};
}

uint16_t Gateway::port() const { return state_->port; }
size_t Gateway::workers() const { return state_->workers.size(); }
std::vector<std::string> Gateway::addresses() const { return state_->addresses; }
std::string Gateway::metrics() const { return state_->shared->metrics->page(); }

void Gateway::drain(std::function<void()> drained) {
  state_->leaving = true;
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
