// Keeps the providers' model lists up to date on a separate thread, so that no list, however large or slow, delays a
// request. Also asks for all lists once, blocking, for command-line tools.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "config/config.h"
#include "gateway/list_asker.h"
#include "gateway/worker.h"

namespace sluice::gateway {

class ListKeeper {
 public:
  // `shared` must outlive it.
  explicit ListKeeper(Shared& shared);
  ~ListKeeper();

  // From now on it asks what `setup`, the current one of `shared`, wants. Any thread, one at a time.
  void follow(std::shared_ptr<Setup> setup);

 private:
  struct State;
  Shared& shared_;
  std::unique_ptr<State> state_;  // null: no setup yet that asks for anything
};

// What ask_for_lists() returns.
struct AskedLists {
  std::unique_ptr<const Catalog> catalog;
  std::vector<ListAsker::Problem> problems;
};
// Asks all providers of `config` for their models in parallel, for at most `max_ms`. Blocks; runs its own loop. The
// error names a configured file that cannot be read.
Result<AskedLists> ask_for_lists(const config::Config& config, uint32_t max_ms);

}  // namespace sluice::gateway
