#include "bench/caller.h"

namespace sluice::bench {
namespace {

uint64_t us_between(uint64_t from_ns, uint64_t to_ns) { return (to_ns - from_ns) / 1000; }

}  // namespace

Caller::Caller(Shift& shift)
    : shift_(shift),
      reader_(shift.options.dialect, shift.options.stream),
      pause_(this, [](void* self) { static_cast<Caller*>(self)->ask(); }),
      call_(shift.loop, shift.pool, *this) {}

void Caller::start() {
  ++shift_.busy;
  ask();
}

void Caller::ask() {
  if (!shift_.begin_one()) {
    --shift_.busy;
    return;
  }
  first_text_ns_ = last_text_ns_ = 0;
  call_.start(shift_.request, {.whole_ms = shift_.options.timeout_ms});
}

void Caller::on_call_head(const http::ResponseHead& head) { reader_.begin(head); }

void Caller::on_call_body(std::string_view bytes) {
  const uint32_t frames = reader_.feed(bytes);
  if (frames == 0) return;
  const uint64_t now_ns = shift_.loop.now_ns();
  LatencyHistogram& gaps = shift_.tally.between_frames_us;
  if (first_text_ns_ == 0) {
    first_text_ns_ = now_ns;
  } else {
    gaps.record(us_between(last_text_ns_, now_ns));
  }
  for (uint32_t i = 1; i < frames; ++i) gaps.record(0);
  last_text_ns_ = now_ns;
}

void Caller::on_call_end() {
  const uint64_t now_ns = shift_.loop.now_ns();
  Tally& tally = shift_.tally;
  shift_.last_end_ns = now_ns;
  tally.bytes_in += call_.bytes_in();
  if (const auto failure = reader_.finish()) return failed(*failure);
  ++tally.answered;
  tally.latency_us.record(us_between(call_.sent_ns(), now_ns));
  if (first_text_ns_ != 0) tally.first_text_us.record(us_between(call_.sent_ns(), first_text_ns_));
  if (const auto tokens = reader_.output_tokens()) {
    tally.output_tokens += *tokens;
    ++tally.with_tokens;
  }
  ask();
}

void Caller::on_call_failed(const Error& error) {
  shift_.last_end_ns = shift_.loop.now_ns();
  shift_.tally.bytes_in += call_.bytes_in();
  if (!shift_.connected && !shift_.hopeless) shift_.hopeless = error;
  failed(failure_of(error));
}

void Caller::failed(const CallFailure& failure) {
  shift_.tally.failures.add(failure);
  shift_.loop.timers().arm(pause_, pause_ms);
}

}  // namespace sluice::bench
