#include "gateway/list_keeper.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "gateway/prober.h"
#include "net/resolver.h"

namespace sluice::gateway {
namespace {

// The demo is never asked for its models.
void no_demo(std::unique_ptr<net::Stream>) {}

bool asks_any(const config::Config& config) {
  return std::any_of(config.providers.begin(), config.providers.end(),
                     [](const auto& one) { return one.ask_models || one.probe_ms != 0; });
}

}  // namespace

// Everything except `loop` belongs to the loop's thread.
struct ListKeeper::State {
  // What one setup asks for.
  struct Work {
    Work(State& state, std::shared_ptr<Setup> by, const Work* before)
        : setup(std::move(by)),
          links(state.loop, state.resolver, setup->config, setup->target_contexts, no_demo, state.counts,
                before != nullptr ? &before->links : nullptr),
          asker({state.loop, links, setup->config,
                 [&shared = state.shared, &of = *setup](ToldLists lists) {
                   shared.swap_catalog(of, std::make_shared<const Catalog>(of.config, std::move(lists),
                                                                           shared.random.next(), of.health.get()));
                 },
                 &state.shared.log, state.shared.metrics.get()},
                before != nullptr ? &before->asker : nullptr),
          prober({state.loop, links, setup->config, *setup->health, state.shared.log, state.shared.draining}) {}
    const std::shared_ptr<Setup> setup;
    ProviderLinks links;
    ListAsker asker;
    Prober prober;
  };

  explicit State(Shared& of) : shared(of), loop(of.clock, of.random), resolver(loop) {
    thread = std::thread([this] { loop.run(); });
  }
  ~State() {
    loop.stop();
    thread.join();
    work.reset();
  }
  void follow(std::shared_ptr<Setup> setup) {
    loop.post([this, setup = std::move(setup)] {
      auto next = std::make_unique<Work>(*this, setup, work.get());
      work.swap(next);
      loop.dispose(std::move(next));
    });
  }

  Shared& shared;
  net::Loop loop;
  net::Resolver resolver;
  http::PoolCounts counts;
  std::unique_ptr<Work> work;
  std::thread thread;
};

ListKeeper::ListKeeper(Shared& shared) : shared_(shared) {}
ListKeeper::~ListKeeper() = default;

void ListKeeper::follow(std::shared_ptr<Setup> setup) {
  if (!state_ && !asks_any(setup->config)) return;
  if (!state_) state_ = std::make_unique<State>(shared_);
  state_->follow(std::move(setup));
}

Result<AskedLists> ask_for_lists(const config::Config& config, uint32_t max_ms) {
  const auto contexts = make_target_contexts(config, std::make_shared<tls::SystemRoots>());
  if (!contexts) return tl::unexpected<Error>(contexts.error());
  net::Loop loop;
  net::Resolver resolver(loop);
  http::PoolCounts counts;
  ProviderLinks links(loop, resolver, config, *contexts, no_demo, counts);
  ToldLists told(config.providers.size());
  const ListAsker asker({loop,
                         links,
                         config,
                         [&told](ToldLists lists) { told = std::move(lists); },
                         nullptr,
                         nullptr,
                         {.max_ms = max_ms, .at_once = SIZE_MAX}});
  while (!asker.idle()) loop.run_once(true);
  return AskedLists{std::make_unique<const Catalog>(config, std::move(told), loop.random().next()), asker.problems()};
}

}  // namespace sluice::gateway
