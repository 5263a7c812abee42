#include "net/work_queue.h"

#include <uv.h>

#include <cassert>
#include <utility>

#include "net/loop.h"

namespace sluice::net {

struct Work::State {
  uv_work_t request;
  std::function<void()> work;
  std::function<void()> done;
  Work* owner = nullptr;
};

Work::~Work() {
  if (!state_) return;
  state_->owner = nullptr;
  state_->done = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&state_->request));  // fails if it has begun: it then ends unheard
}

std::unique_ptr<Work> queue_work(Loop& loop, std::function<void()> work, std::function<void()> done) {
  auto* state = new Work::State{{}, std::move(work), std::move(done)};
  std::unique_ptr<Work> result(new Work(state));
  state->owner = result.get();
  state->request.data = state;
  const int error = uv_queue_work(
      loop.uv(), &state->request, [](uv_work_t* request) { static_cast<Work::State*>(request->data)->work(); },
      [](uv_work_t* request, int) {
        const std::unique_ptr<Work::State> ended(static_cast<Work::State*>(request->data));
        if (!ended->owner) return;
        ended->owner->state_ = nullptr;
        ended->done();
      });
  assert(error == 0);  // libuv refuses nothing but a missing callback
  static_cast<void>(error);
  return result;
}

}  // namespace sluice::net
