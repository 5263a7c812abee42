// The command `sluice bench URL`: its flags, and what becomes of them.
#pragma once

#include <string>

#include "bench/options.h"

namespace CLI {
class App;
}

namespace sluice {

class BenchCommand {
 public:
  // Adds itself to `app`, which must outlive it.
  explicit BenchCommand(CLI::App& app);
  bool given() const;
  // Runs it and prints what it has found; an exit code.
  int run();

 private:
  enum Exit : int { fine = 0, wrong_flags = 1, could_not_start = 2, requests_failed = 3 };
  static Exit say(const std::string& line, Exit code);

  CLI::App* command_;
  bench::Flags flags_;
};

}  // namespace sluice
