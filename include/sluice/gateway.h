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
  // Stops at once if it still runs: open exchanges are cut.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // The TCP port of the first listener that has one; useful where 0 was asked for. 0: Unix sockets only.
  uint16_t port() const;
  // Where it listens, as URLs: "http://127.0.0.1:8000", "unix:/run/sluice.sock".
  std::vector<std::string> addresses() const;
  // New requests get 503 from now on; `drained` is called, on some worker's thread, when the last exchange has ended.
  void drain(std::function<void()> drained);
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
