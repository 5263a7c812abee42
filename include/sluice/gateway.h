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

// A running gateway: its worker threads, listeners and connections. Start it, stop it; everything in between happens on
// its threads. All members may be called from any one thread at a time; they do not throw.
class Gateway {
 public:
  // Binds every listener and starts the workers. The error is a sentence that says what to do. `log` must outlive the
  // gateway.
  static tl::expected<std::unique_ptr<Gateway>, std::string> start(config::Config config, observe::Log& log);
  // The same, with sockets that are already listening and outlive this process. Each replaces the address of
  // config.listen that it is bound to; a socket bound to none is closed, with a warning. If any are passed, drain()
  // hands over.
  // The configuration is shared, not copied, so there is only one table of, say, 100,000 keys.
  static tl::expected<std::unique_ptr<Gateway>, std::string> start(std::shared_ptr<const config::Config> config,
                                                                   observe::Log& log,
                                                                   std::vector<net::ListenSocket> passed);
  // Stops immediately if it is still running: open exchanges are cut.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // The TCP port of the first listener that has one; useful after port 0 was configured. 0: Unix sockets only.
  uint16_t port() const;
  size_t workers() const;
  // Where it listens, as URLs: "http://127.0.0.1:8000", "unix:/run/sluice.sock".
  std::vector<std::string> addresses() const;
  // Switches to `config` for all later requests. It is checked as a whole first, and nothing changes if any part of it
  // fails (the error is a sentence that says what). Exchanges under way finish with the old one. Listeners, connections
  // to providers and rate limits that are the same in both are kept; connections of removed listeners are closed. Not
  // changed: `workers`, `log`, `pid_file`, `shutdown_grace_s`. From any thread, except inside the callbacks of drain()
  // and when_all_turned(), which run on a worker.
  tl::expected<void, std::string> reload(config::Config config);
  tl::expected<void, std::string> reload(std::shared_ptr<const config::Config> config);
  // For /metrics: counts a configuration that could not even be given to reload(). Any thread.
  void note_failed_reload();
  // The handler for an admin's request to reload (POST /admin/reload). Called on a worker's thread; must return
  // immediately and arrange for `done` to be called, on any thread, with the problems or an empty list. `by`, for the
  // log: "key ops, from 127.0.0.1:4711".
  using Reloaded = std::function<void(std::vector<std::string> problems)>;
  void on_reload_asked(std::function<void(const std::string& by, Reloaded done)> asked);
  // Frees what old configurations have left behind, once it is unused. Call it now and then after a reload, on a thread
  // that may block.
  void tidy();
  // From now on, new requests get 503; `drained` is called, on a worker's thread, when the last exchange has ended. If
  // sockets were passed, no connection is accepted any more, so that new callers wait for the next process that
  // listens; existing connections still get an answer to a request that is on its way.
  void drain(std::function<void()> drained);
  // Calls `done`, on a worker's thread, once every worker's loop has turned; never if one of them is stuck.
  void when_all_turned(std::function<void()> done);
  // Ends immediately: open exchanges are cut. Joins the worker threads.
  void stop();
  // The content of /metrics.
  std::string metrics() const;

 private:
  Gateway();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice
