// One destination of alerts: takes whole HTTP requests and sends them one after another, each on a new connection, with
// deadlines, a few tries and a bounded queue. Nothing waits for it. Loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/call.h"
#include "net/dialer.h"
#include "net/loop.h"

namespace sluice::alerts {

struct AlertPatience {
  uint32_t connect_ms = 10'000;   // name, TCP and TLS
  uint32_t response_ms = 10'000;  // from the request to the head of its answer
  uint32_t max_tries = 3;
  uint32_t rest_ms = 1'000;  // after the first try; four times as long after each later one
};

class AlertChannel final : http::CallEvents {
 public:
  static constexpr size_t max_waiting = 64;  // in addition to the one being sent; the oldest are dropped
  // `why` is for people: "status 404", an error's name, "dropped". It never contains the URL or a host.
  using Lost = std::function<void(std::string_view why)>;

  // `loop` must outlive this. `lost` is called for each request that did not arrive: dropped, rejected for good (a
  // status below 500 other than 408 and 429, redirects included), or given up after the last try.
  AlertChannel(net::Loop& loop, std::unique_ptr<net::Dialer> dialer, const AlertPatience& patience, Lost lost);
  void send(std::string request);
  size_t waiting() const { return queue_.size(); }
  bool idle() const { return phase_ == Phase::idle; }

 private:
  enum class Phase : unsigned char { idle, asking, resting };

  void on_call_head(const http::ResponseHead& head) override { status_ = head.status; }
  void on_call_body(std::string_view) override {}
  void on_call_end() override;
  void on_call_failed(const Error& error) override;

  void next();
  void ask();
  void end_try(bool arrived, bool again, const std::string& why);

  net::Loop& loop_;
  const std::unique_ptr<net::Dialer> dialer_;
  const AlertPatience patience_;
  const Lost lost_;
  http::PoolCounts counts_;
  http::OutboundPool pool_;
  http::Call call_;
  net::Timeout rest_;
  std::deque<std::string> queue_;
  std::string request_;  // the one being sent
  Phase phase_ = Phase::idle;
  uint32_t tries_ = 0;
  int status_ = 0;
};

}  // namespace sluice::alerts
