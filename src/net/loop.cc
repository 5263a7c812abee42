#include "net/loop.h"

#include <uv.h>

#include <atomic>
#include <cassert>
#include <csignal>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "net/alarm.h"
#include "net/stream.h"

namespace sluice::net {
namespace {

constexpr size_t read_buffer_bytes = 64 * 1024;
// Rounds of deferred work before the loop polls its sockets again, so that tasks that defer each other (the two ends of
// a memory pipe) cannot starve everything else.
constexpr int max_rounds = 8;
constexpr uint64_t max_wait_ms = 100;

void ignore_sigpipe() {
  struct sigaction now = {};
  if (sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) {
    now.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &now, nullptr);
  }
}

template <typename Handle>
uv_handle_t* as_handle(Handle* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);
}

}  // namespace

struct Loop::State {
  struct Dead {
    void* object;
    void (*destroy)(void*);
  };

  uv_loop_t loop;
  uv_prepare_t prepare;   // runs deferred work before the loop sleeps
  uv_idle_t idle;         // active only while deferred work is left, so that the loop does not sleep
  uv_async_t wake;        // post() and stop()
  uv_timer_t wait_limit;  // bounds run_once
  std::vector<std::function<void()>> tasks, running;
  std::vector<Dead> dead, dying;
  std::mutex posted_mutex;
  std::vector<std::function<void()>> posted;
  std::vector<std::function<void()>> taken;  // taken from `posted` by the loop's thread
  std::atomic<bool> stop_asked{false};
  std::unique_ptr<char[]> buffer;

  State() : buffer(new char[read_buffer_bytes + read_padding_bytes]()) {
    if (uv_loop_init(&loop) != 0) throw std::bad_alloc();
    loop.data = this;
    uv_prepare_init(&loop, &prepare);
    uv_idle_init(&loop, &idle);
    uv_timer_init(&loop, &wait_limit);
    if (uv_async_init(&loop, &wake, [](uv_async_t* async) { static_cast<State*>(async->loop->data)->woken(); }) != 0) {
      throw std::bad_alloc();
    }
    uv_prepare_start(&prepare, [](uv_prepare_t* p) { static_cast<State*>(p->loop->data)->run_deferred(); });
    // None of these keeps the loop running.
    uv_unref(as_handle(&prepare));
    uv_unref(as_handle(&wait_limit));
    uv_unref(as_handle(&wake));
  }

  bool any_deferred() const { return !tasks.empty() || !dead.empty(); }

  // A task that runs out of memory is lost; the loop survives.
  static void run(const std::function<void()>& task) {
    try {
      task();
    } catch (const std::bad_alloc&) {
    }
  }

  // Returns whether there was anything to do.
  bool run_deferred() {
    if (!any_deferred() && !uv_is_active(as_handle(&idle))) return false;
    for (int round = 0; round < max_rounds && any_deferred(); ++round) {
      running.swap(tasks);
      for (auto& task : running) run(task);
      running.clear();
      // After the tasks, which may still use these objects.
      dying.swap(dead);
      for (const Dead& one : dying) one.destroy(one.object);
      dying.clear();
    }
    if (any_deferred()) {
      uv_idle_start(&idle, [](uv_idle_t*) {});
    } else {
      uv_idle_stop(&idle);
    }
    return true;
  }

  void woken() {
    if (stop_asked.load(std::memory_order_relaxed)) uv_stop(&loop);
    {
      const std::lock_guard lock(posted_mutex);
      taken.swap(posted);
    }
    for (auto& task : taken) run(task);
    taken.clear();
  }

  bool any_posted() {
    const std::lock_guard lock(posted_mutex);
    return !posted.empty();
  }
};

Loop::Loop(const Clock& clock, Random& random)
    : clock_(clock),
      random_(random),
      alarms_(clock.flows() ? nullptr : std::make_unique<AlarmQueue>()),
      state_(std::make_unique<State>()),
      timers_(std::make_unique<Timers>(*this)) {
  ignore_sigpipe();
}

Loop::~Loop() {
  std::exchange(state_->posted, {}).clear();
  while (state_->any_deferred()) state_->run_deferred();
  timers_.reset();
  for (uv_handle_t* own : {as_handle(&state_->prepare), as_handle(&state_->idle), as_handle(&state_->wake),
                           as_handle(&state_->wait_limit)}) {
    uv_close(own, nullptr);
  }
  size_t foreign = 0;
  uv_walk(
      &state_->loop,
      [](uv_handle_t* handle, void* count) {
        if (!uv_is_closing(handle)) ++*static_cast<size_t*>(count);
      },
      &foreign);
  assert(foreign == 0 && "a stream, listener or timer outlives its loop");
  if (foreign != 0) {
    state_.release();  // its handles are still in use: leaked rather than freed under them
    return;
  }
  do {
    uv_run(&state_->loop, UV_RUN_DEFAULT);  // runs close callbacks, and pool work that cannot be cancelled
    while (state_->any_deferred()) {
      for (auto& task : std::exchange(state_->tasks, {})) task();
      for (const State::Dead& one : std::exchange(state_->dead, {})) one.destroy(one.object);
    }
  } while (uv_loop_alive(&state_->loop));
  const int closed = uv_loop_close(&state_->loop);
  assert(closed == 0);
  if (closed != 0) state_.release();
}

void Loop::run() {
  State& s = *state_;
  uv_ref(as_handle(&s.wake));  // keeps running until stop(), even with nothing to do
  while (!s.stop_asked.exchange(false, std::memory_order_relaxed)) {
    uv_run(&s.loop, UV_RUN_DEFAULT);
    s.run_deferred();
  }
  uv_unref(as_handle(&s.wake));
}

void Loop::stop() {
  state_->stop_asked.store(true, std::memory_order_relaxed);
  uv_async_send(&state_->wake);
}

bool Loop::run_once(bool wait) {
  State& s = *state_;
  if (alarms_) alarms_->ring(now_ms());
  const bool did_something = s.run_deferred();
  if (wait && !did_something && !s.any_posted() && uv_loop_alive(&s.loop)) {
    uv_update_time(&s.loop);
    uv_timer_start(
        &s.wait_limit, [](uv_timer_t*) {}, max_wait_ms, 0);
    uv_run(&s.loop, UV_RUN_ONCE);
    uv_timer_stop(&s.wait_limit);
  } else {
    uv_ref(as_handle(&s.wake));  // otherwise uv_run would not poll at all
    uv_run(&s.loop, UV_RUN_NOWAIT);
    uv_unref(as_handle(&s.wake));
  }
  s.run_deferred();
  return uv_loop_alive(&s.loop) || s.any_deferred() || s.any_posted() || (alarms_ && !alarms_->empty());
}

void Loop::post(std::function<void()> task) {
  bool first = false;
  {
    const std::lock_guard lock(state_->posted_mutex);
    first = state_->posted.empty();
    state_->posted.push_back(std::move(task));
  }
  if (first) uv_async_send(&state_->wake);
}

void Loop::defer(std::function<void()> task) { state_->tasks.push_back(std::move(task)); }

void Loop::defer_delete(void* object, void (*destroy)(void*)) { state_->dead.push_back({object, destroy}); }

uint64_t Loop::now_ms() const { return alarms_ ? clock_.monotonic_ns() / 1'000'000 : uv_now(&state_->loop); }

void Loop::update_now() { uv_update_time(&state_->loop); }

std::optional<uint64_t> Loop::next_timer_ms() const { return alarms_ ? alarms_->next_ms() : std::nullopt; }

std::span<char> Loop::read_buffer() { return {state_->buffer.get(), read_buffer_bytes}; }

uv_loop_s* Loop::uv() { return &state_->loop; }

}  // namespace sluice::net
