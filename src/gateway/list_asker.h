// Asks all providers of a configuration for their lists of models: immediately, then every few minutes, sooner after a
// failure. One asker serves all workers, on a separate loop; no request waits for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/catalog.h"
#include "gateway/list_call.h"
#include "gateway/provider_link.h"
#include "net/loop.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace sluice::gateway {

struct ListPatience {
  uint32_t max_ms = 10'000;        // for one list with all its pages
  uint32_t every_ms = 5 * 60'000;  // after a success
  uint32_t again_ms = 15'000;      // after a failure; doubled with each further one, up to every_ms
  uint32_t gather_ms = 200;        // lists that arrive within it are published together
  size_t at_once = 3;              // how many to ask at a time: name lookups share four threads with those for requests
};

class ListAsker {
 public:
  struct Options {
    net::Loop& loop;
    ProviderLinks& links;
    const config::Config& config;
    std::function<void(ToldLists)> publish;  // receives all lists when one of them has changed
    observe::Log* log = nullptr;             // nullptr: problems are only in problems()
    observe::Metrics* metrics = nullptr;
    ListPatience patience{};
  };
  // `before`: the asker that this one replaces, or nullptr. The lists and due times of unchanged providers are taken
  // over. All references must outlive it.
  explicit ListAsker(Options options, const ListAsker* before = nullptr);

  // Whether no provider is being asked or waits to be.
  bool idle() const { return asking_ == 0 && waiting_.empty(); }
  struct Problem {
    std::string provider, what;
    bool cut;  // it has answered, but only a part of its list is known
  };
  std::vector<Problem> problems() const;

 private:
  struct Asked {
    Asked(ListAsker& by, const config::Provider& of) : asker(by), provider(of) {}
    ListAsker& asker;
    const config::Provider& provider;
    std::unique_ptr<ListCall> call;  // made when it is first asked
    net::Timeout due{this, [](void* self) {
                       Asked& asked = *static_cast<Asked*>(self);
                       asked.asker.waiting_.push_back(&asked);
                       asked.asker.ask_next();
                     }};
    std::shared_ptr<const ToldList> list;
    std::string problem;  // of the last try; "": it succeeded
    bool cut = false;
    uint32_t failures = 0;  // since the last success
    uint64_t failures_total = 0;
    uint64_t due_ms = 0;      // when to ask again
    int64_t told_unix_s = 0;  // 0: never
  };

  void take_over(const ListAsker& before);
  void ask_next();
  void on_done(Asked& asked);
  void tell(Asked& asked, std::string problem, bool cut);
  void publish();
  void set_metrics();

  const Options options_;
  std::vector<std::unique_ptr<Asked>> asked_;  // in the configuration's order
  std::deque<Asked*> waiting_;
  size_t asking_ = 0;
  net::Timeout gathered_;
  bool changed_ = false;
};

}  // namespace sluice::gateway
