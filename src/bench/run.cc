#include "bench/run.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "bench/caller.h"
#include "bench/model_question.h"
#include "bench/request.h"
#include "net/resolver.h"
#include "net/tcp_dialer.h"
#include "tls/dialer.h"

namespace sluice::bench {
namespace {

constexpr uint64_t tick_ms = 100;
constexpr unsigned ticks_a_line = 2;

Result<std::unique_ptr<net::Dialer>> make_dialer(net::Loop& loop, net::Resolver& resolver, const Options& options) {
  const config::Url& url = options.target.url;
  auto plain = std::make_unique<net::TcpDialer>(loop, resolver, url.host, url.port);
  if (!url.tls) return plain;
  auto context = tls::TargetContext::create({.ca_file = options.ca_file}, std::make_shared<tls::SystemRoots>());
  if (!context) return tl::unexpected<Error>(context.error());
  return std::make_unique<tls::TlsDialer>(loop, std::move(plain), std::move(*context), url.host);
}

http::PoolOptions pool_options(const Options& options) {
  http::PoolOptions pool;
  pool.max_idle = options.connections;
  return pool;
}

// Turns the loop and checks the hooks on every tick.
class Watch {
 public:
  Watch(net::Loop& loop, const Hooks& hooks) : loop_(loop), hooks_(hooks), ticker_(loop, [this] { tick(); }) {
    ticker_.start(tick_ms, tick_ms);
  }
  // Turns the loop while `busy()` is true and no stop was asked for.
  template <typename Busy>
  void turn_while(Busy busy) {
    while (!stopped_ && busy()) loop_.run_once(true);
  }
  void show(const Tally& tally) { tally_ = &tally; }
  bool stopped() const { return stopped_; }
  uint64_t started_ns() const { return started_ns_; }

 private:
  void tick() {
    stopped_ = stopped_ || hooks_.stop_asked();
    if (tally_ != nullptr && hooks_.progress && ++ticks_ % ticks_a_line == 0) {
      hooks_.progress(progress_line(*tally_, loop_.now_ns() - started_ns_));
    }
  }

  net::Loop& loop_;
  const Hooks& hooks_;
  net::Timer ticker_;
  const Tally* tally_ = nullptr;
  const uint64_t started_ns_ = loop_.now_ns();
  unsigned ticks_ = 0;
  bool stopped_ = false;
};

// Sets `summary.model`, asking the target if none was given. Returns what is wrong, else "".
std::string choose_model(net::Loop& loop, http::OutboundPool& pool, const Options& options, const Hooks& hooks,
                         Summary& summary) {
  summary.model = options.model;
  if (!options.model.empty()) return {};
  ModelQuestion question(loop, pool, options);
  Watch watch(loop, hooks);
  question.start();
  watch.turn_while([&question] { return !question.done(); });
  if (watch.stopped()) return "interrupted before the first request";
  summary.model = question.models().choice();
  summary.models_listed = question.models().count();
  return question.problem();
}

// Makes the requests. Returns why they cannot begin, else "".
std::string make_requests(net::Loop& loop, http::OutboundPool& pool, const Options& options, const Hooks& hooks,
                          Summary& summary) {
  Shift shift{loop, pool, options, *summary.tally, answer_request(options, summary.model)};
  std::vector<std::unique_ptr<Caller>> callers;
  const uint64_t enough = options.requests == 0 ? options.connections : options.requests;
  for (uint64_t i = 0; i < std::min<uint64_t>(enough, options.connections); ++i) {
    callers.push_back(std::make_unique<Caller>(shift));
  }
  net::Timeout deadline(&shift, [](void* ended) { static_cast<Shift*>(ended)->over = true; });
  loop.timers().arm(deadline, options.duration_ms);
  Watch watch(loop, hooks);
  watch.show(*summary.tally);
  for (const auto& caller : callers) caller->start();
  watch.turn_while([&shift] { return shift.busy > 0 && !shift.hopeless; });
  if (shift.hopeless) return unreachable(options, *shift.hopeless);
  summary.interrupted = watch.stopped();
  summary.unfinished = shift.begun - summary.tally->finished();
  const uint64_t end_ns = watch.stopped() ? loop.now_ns() : shift.last_end_ns;
  summary.elapsed_ns = end_ns - watch.started_ns();
  return {};
}

}  // namespace

tl::expected<Summary, std::string> run(const Options& options, const Hooks& hooks) {
  net::Loop loop;
  net::Resolver resolver(loop);
  const auto dialer = make_dialer(loop, resolver, options);
  if (!dialer) return tl::unexpected<std::string>(dialer.error().message);
  http::PoolCounts counts;
  http::OutboundPool pool(loop, **dialer, pool_options(options), counts);
  Summary summary;
  summary.tally = std::make_unique<Tally>(options.key);
  std::string problem = choose_model(loop, pool, options, hooks, summary);
  if (problem.empty()) problem = make_requests(loop, pool, options, hooks, summary);
  if (!problem.empty()) return tl::unexpected<std::string>(std::move(problem));
  summary.connections_made = static_cast<uint64_t>(counts.dialed_total);
  return summary;
}

}  // namespace sluice::bench
