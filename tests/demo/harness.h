// One exchange with a DemoProvider: a request and its answer as status, body and frames.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "demo/demo_provider.h"
#include "demo/json.h"
#include "net/loop.h"
#include "support/fake_clock.h"
#include "support/fake_responder.h"

namespace sluice::test {

using demo::Json;

struct Frame {
  std::string event;  // the SSE event name, or ""
  std::string data;
  Json json() const { return Json::parse(data); }
};

// The frames of an SSE body; throws if it is not one.
inline std::vector<Frame> sse_frames(std::string_view body) {
  std::vector<Frame> frames;
  while (!body.empty()) {
    const size_t end = body.find("\n\n");
    if (end == body.npos) throw std::logic_error("a frame without its blank line");
    std::string_view text = body.substr(0, end);
    body.remove_prefix(end + 2);
    Frame frame;
    if (text.starts_with("event: ")) {
      frame.event = text.substr(7, text.find('\n') - 7);
      text.remove_prefix(text.find('\n') + 1);
    }
    if (!text.starts_with("data: ") || text.find('\n') != text.npos) throw std::logic_error("not a data line");
    frame.data = text.substr(6);
    frames.push_back(std::move(frame));
  }
  return frames;
}

class Exchange {
 public:
  Exchange(demo::DemoProvider& provider, net::Loop& loop, FakeClock& clock, http::Method method,
           std::string_view target, std::string_view body = "",
           std::vector<std::pair<std::string, std::string>> fields = {})
      : loop_(loop), clock_(clock), responder(&loop, method == http::Method::head) {
    head_.method = method;
    head_.target = target;
    for (const auto& [name, value] : fields) head_.fields.add(name, value);
    handler = provider.handle(head_, responder);
    if (!body.empty()) {  // in two pieces, as from a socket
      handler->on_body(body.substr(0, body.size() / 2 + 1));
      if (body.size() / 2 + 1 < body.size()) handler->on_body(body.substr(body.size() / 2 + 1));
    }
    handler->on_body_end();
  }

  // Runs the loop until the answer is complete. False if it never is.
  bool run() {
    return turn_until(loop_, clock_, [this] { return responder.finished; });
  }
  Json json() const { return Json::parse(responder.body); }

 private:
  http::RequestHead head_;
  net::Loop& loop_;
  FakeClock& clock_;

 public:
  FakeResponder responder;
  std::unique_ptr<http::RequestHandler> handler;  // destroyed before what it refers to
};

// A provider with a fixed clock and fixed ids, and its loop.
struct World {
  FakeClock clock{1'700'000'000'000};
  net::Loop loop{clock};
  demo::DemoProvider provider;

  explicit World(uint32_t pace_ms = 0, size_t body_bytes = 1024 * 1024)
      : provider(loop, {pace_ms, 7, body_bytes, nullptr}) {}
  ~World() {  // timers of the last exchange close in a later turn
    for (int turns = 0; turns < 100 && loop.run_once(false); ++turns) {
    }
  }

  std::unique_ptr<Exchange> post(std::string_view target, std::string_view body,
                                 std::vector<std::pair<std::string, std::string>> fields = {}) {
    auto exchange =
        std::make_unique<Exchange>(provider, loop, clock, http::Method::post, target, body, std::move(fields));
    if (!exchange->run()) throw std::logic_error("the answer did not end");
    return exchange;
  }
  std::unique_ptr<Exchange> get(std::string_view target, std::vector<std::pair<std::string, std::string>> fields = {}) {
    return std::make_unique<Exchange>(provider, loop, clock, http::Method::get, target, "", std::move(fields));
  }
};

}  // namespace sluice::test
