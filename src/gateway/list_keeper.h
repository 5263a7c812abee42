// Keeps what workers know of providers' models up to date, from a thread of its own, so that no list, however large or
// slow, delays a request; and asks for all once, for whoever waits for that.
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

  // From now on it asks for what this setup, the present one of `shared`, asks for. Any thread, one at a time.
  void follow(std::shared_ptr<Setup> setup);

 private:
  struct State;
  Shared& shared_;
  std::unique_ptr<State> state_;  // null: no setup yet that asks for anything
};

// What each provider of a configuration has told within `max_ms`. Blocks; runs a loop of its own.
struct AskedLists {
  std::unique_ptr<const Catalog> catalog;
  std::vector<ListAsker::Problem> problems;
};
// The error names a file of the configuration's that cannot be read.
Result<AskedLists> ask_for_lists(const config::Config& config, uint32_t max_ms);

}  // namespace sluice::gateway
