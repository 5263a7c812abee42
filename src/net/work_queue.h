// Work that blocks (a database, a file), done on libuv's thread pool.
#pragma once

#include <functional>
#include <memory>

namespace sluice::net {

class Loop;

// Work that was handed in. Destroying it: `done` is not called; `work` may still begin, or run to its end.
class Work {
 public:
  ~Work();
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

 private:
  friend std::unique_ptr<Work> queue_work(Loop& loop, std::function<void()> work, std::function<void()> done);
  struct State;
  explicit Work(State* state) : state_(state) {}
  State* state_;  // freed when libuv is done with it
};

// Runs `work` on a pool thread, then `done` on the loop's thread in a later turn. `work` must own what it uses: it may
// outlive the Work, though not the Loop. The Work may be destroyed inside `done`.
[[nodiscard]] std::unique_ptr<Work> queue_work(Loop& loop, std::function<void()> work, std::function<void()> done);

}  // namespace sluice::net
