// The embedding API: a whole sluice inside another program. The command line, the tests and the benchmarks use it too.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace sluice {

namespace config {
struct Config;
}
namespace net {
class ListenSocket;
}
namespace observe {
class Log;
}

// A running gateway: its worker threads, listeners and connections. Start it, stop it; everything between happens on
// its own threads. All members may be called from any one thread at a time; they do not throw.
class Gateway {
 public:
  // Binds every listener and starts the workers. The error is a sentence that says what to do. `log` must outlive the
  // gateway.
  static tl::expected<std::unique_ptr<Gateway>, std::string> start(config::Config config, observe::Log& log);
  // The same with sockets that listen already and outlive this process, each used in the place of an address of
  // config.listen that it is at; one that is at none is closed, with a warning. With any, drain() hands over.
  // The configuration is shared, not copied: of 100,000 keys there is one table.
  static tl::expected<std::unique_ptr<Gateway>, std::string> start(std::shared_ptr<const config::Config> config,
                                                                   observe::Log& log,
                                                                   std::vector<net::ListenSocket> passed);
  // Stops at once if it still runs: open exchanges are cut.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // The TCP port of the first listener that has one; useful where 0 was asked for. 0: Unix sockets only.
  uint16_t port() const;
  size_t workers() const;
  // Where it listens, as URLs: "http://127.0.0.1:8000", "unix:/run/sluice.sock".
  std::vector<std::string> addresses() const;
  // Works by `config` from the next request on: checked as a whole first, and nothing is changed if anything of it
  // cannot be had (the error is a sentence that says what). Exchanges under way end as they began. Listeners,
  // connections to providers and rate limits that are the same in both go on; whoever came in by a listener that is
  // gone is closed. Not changed: `workers`, `log`, `pid_file`, `shutdown_grace_s`. From any thread, but for a worker's
  // own callbacks out of drain() and when_all_turned().
  tl::expected<void, std::string> reload(config::Config config);
  tl::expected<void, std::string> reload(std::shared_ptr<const config::Config> config);
  // For /metrics: a configuration that could not even be given to reload(). Any thread.
  void note_failed_reload();
  // Who is asked when an admin has the configuration read again (POST /admin/reload): called on some worker's thread,
  // must return at once, and see to it that `done` is called with what is wrong, or with nothing, from any thread.
  // `by`, for the log: "key ops, from 127.0.0.1:4711".
  using Reloaded = std::function<void(std::vector<std::string> problems)>;
  void on_reload_asked(std::function<void(const std::string& by, Reloaded done)> asked);
  // Frees what configurations before the present one have left and nobody works by any more. After a reload, once in a
  // while, on a thread that nobody waits for.
  void tidy();
  // New requests get 503 from now on; `drained` is called, on some worker's thread, when the last exchange has ended.
  // Where sockets were passed, nobody is accepted from now on instead, so that new callers wait for who listens next,
  // and whoever is connected already still gets an answer to the request that he was about to send.
  void drain(std::function<void()> drained);
  // Calls `done`, on some worker's thread, once the loop of every worker has turned; never, while one of them is stuck.
  void when_all_turned(std::function<void()> done);
  // Ends at once: open exchanges are cut. Joins the worker threads.
  void stop();
  // The page that /metrics gives.
  std::string metrics() const;

 private:
  Gateway();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice
