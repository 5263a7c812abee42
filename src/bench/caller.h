// One of the callers in a run: sends a request, reads the answer, and repeats until no requests are left. After a
// failure it pauses, so that a target that rejects everything is not flooded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bench/answer_reader.h"
#include "bench/options.h"
#include "bench/tally.h"
#include "http/call.h"

namespace sluice::bench {

// What all callers of a run share.
struct Shift {
  net::Loop& loop;
  http::OutboundPool& pool;
  const Options& options;
  Tally& tally;
  std::string request;                 // sent by every caller
  uint64_t begun = 0;                  // requests begun
  uint32_t busy = 0;                   // callers not done yet
  uint64_t last_end_ns = 0;            // end of the last request
  bool over = false;                   // no more requests may begin
  bool connected = false;              // at least one connection was made
  std::optional<Error> hopeless = {};  // why no connection can be made: the run cannot start

  bool begin_one() {
    if (over || hopeless || (options.requests != 0 && begun == options.requests)) return false;
    ++begun;
    return true;
  }
};

class Caller final : http::CallEvents {
 public:
  static constexpr uint64_t pause_ms = 100;  // after a failure

  explicit Caller(Shift& shift);
  void start();  // once

 private:
  void ask();
  void failed(const CallFailure& failure);
  void on_call_sent() override { shift_.connected = true; }
  void on_call_head(const http::ResponseHead& head) override;
  void on_call_body(std::string_view bytes) override;
  void on_call_end() override;
  void on_call_failed(const Error& error) override;

  Shift& shift_;
  AnswerReader reader_;
  uint64_t first_text_ns_ = 0;
  uint64_t last_text_ns_ = 0;
  net::Timeout pause_;
  http::Call call_;
};

}  // namespace sluice::bench
