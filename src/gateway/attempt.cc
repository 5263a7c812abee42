#include "gateway/attempt.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "api/media_type.h"
#include "gateway/quoted_secrets.h"

namespace sluice::gateway {

using net::WriteMarks;

// For a stream whose content says that it has finished.
static constexpr uint32_t max_wait_for_end_ms = 2'000;

Attempt::Attempt(net::Loop& loop, ProviderLink& link, const routing::Target& target, AttemptEvents& events)
    : loop_(loop), link_(link), target_(target), events_(events), timeout_(this, [](void* self) {
        static_cast<Attempt*>(self)->on_timeout();
      }) {}

Attempt::~Attempt() { cancel(); }

void Attempt::start(OutgoingRequest request) {
  request_ = std::move(request);
  start_over();
}

void Attempt::start_over() {
  if (auto idle = link_.pool->take_idle(); idle != nullptr) return begin(std::move(idle), request_.ready_ns);
  connect();
}

void Attempt::connect() {
  phase_ = Phase::connecting;
  auto pending = link_.pool->connect([this](Result<std::unique_ptr<http::OutboundConnection>> connected) {
    const std::unique_ptr<http::OutboundPool::Pending> over = std::move(pending_);
    if (!connected) return fail(connected.error());
    try {
      begin(std::move(*connected), loop_.now_ns());
    } catch (const std::bad_alloc&) {
      fail({ErrorCode::overloaded, "out of memory"});
    }
  });
  if (!pending) {
    // Reported in a later turn: no event may come before start() has returned.
    phase_ = Phase::done;
    refused_ = std::make_unique<Error>(pending.error());
    loop_.timers().arm(timeout_, 1);
    return;
  }
  pending_ = std::move(*pending);
  arm(link_.provider.timeouts.connect_ms);
}

void Attempt::begin(std::unique_ptr<http::OutboundConnection> connection, uint64_t now_ns) {
  connection_ = std::move(connection);
  reused_ = connection_->used();
  sent_ns_ = now_ns;
  phase_ = Phase::awaiting;
  next_piece_ = piece_offset_ = 0;
  head_sent_ = false;
  connection_->begin(*this, request_.is_head);
  const config::ProviderTimeouts& timeouts = link_.provider.timeouts;
  arm(request_.wants_stream ? timeouts.first_byte_ms : timeouts.response_ms);
  send();
  if (request_.more_follows && !congested()) events_.on_target_ready();  // what arrived while there was no connection
}

// Head and first pieces of the body go out in one write, the rest as far as the high mark allows.
void Attempt::send() {
  constexpr size_t max_pieces = 8;
  std::array<std::string_view, max_pieces> out;
  while ((!head_sent_ || next_piece_ < request_.body.size()) && !congested()) {
    size_t count = 0, bytes = 0;
    if (!head_sent_) {
      out[count++] = request_.head;
      head_sent_ = true;
    }
    while (count < max_pieces && next_piece_ < request_.body.size() && bytes < WriteMarks::low_bytes) {
      std::string_view piece = request_.body[next_piece_];
      piece.remove_prefix(piece_offset_);
      const std::string_view part = piece.substr(0, WriteMarks::low_bytes - bytes);
      if (!part.empty()) out[count++] = part;
      bytes += part.size();
      piece_offset_ += part.size();
      if (part.size() == piece.size()) {
        ++next_piece_;
        piece_offset_ = 0;
      }
    }
    for (size_t i = 0; i < count; ++i) bytes_out_ += out[i].size();
    connection_->send(std::span<const std::string_view>(out.data(), count));
  }
}

void Attempt::send_more(std::span<const std::string_view> pieces, bool last) {
  if (!connection_) return;
  if (!pieces.empty()) streamed_on_ = true;
  if (last) request_.more_follows = false;
  for (const std::string_view piece : pieces) bytes_out_ += piece.size();
  if (pieces.empty()) return;
  if (phase_ == Phase::awaiting) arm(link_.provider.timeouts.response_ms);  // counts from the last bytes sent
  connection_->send(pieces);
}

bool Attempt::request_sent() const { return next_piece_ == request_.body.size() && !request_.more_follows; }

bool Attempt::congested() const { return !connection_ || connection_->pending_bytes() > WriteMarks::high_bytes; }

void Attempt::pause() {
  if (paused_ || !connection_) return;
  paused_ = true;
  timeout_.cancel();  // now the caller is slow, not the target
  connection_->pause();
}

void Attempt::resume() {
  if (!paused_ || !connection_) return;
  paused_ = false;
  const config::ProviderTimeouts& timeouts = link_.provider.timeouts;
  arm(stream_answer_ ? timeouts.stream_idle_ms : timeouts.response_ms);
  connection_->resume();
}

void Attempt::on_answer_head(http::ResponseHead& head) {
  phase_ = Phase::reading;
  if (head.status >= 300 && is_redirected(head)) return;
  answer_begun_ = true;
  const std::string_view type = head.fields.find("content-type").value_or("");
  stream_answer_ = api::is_stream(api::media_type_of(type)) ||
                   ((request_.wants_stream || request_.may_take_long) && head.status < 300);
  taker_ = &events_.on_answer_head(head);
}

void Attempt::on_answer_body(std::string_view bytes) {
  if (redirect_) return;
  if (!request_.awaits_output) body_begun_ = true;
  taker_->on_answer_body(bytes);
}

void Attempt::on_answer_end() {
  phase_ = Phase::done;
  if (redirect_) return;
  timeout_.cancel();
  taker_->on_answer_end();
}

void Attempt::on_turn() {
  if (redirect_) return follow();
  if (phase_ == Phase::done) cancel();
  const bool more = taker_ == nullptr || taker_->on_answer_turn();
  if (!connection_) return;  // it has ended or was cancelled meanwhile
  if (connection_->bytes_in() > most_bytes_in_)
    return fail_at_target(ErrorCode::caller_gone, "its answer is too long to be read without a caller");
  if (!more) return pause();
  if (stream_answer_ && body_begun_ && !paused_) {  // until then the first-byte timeout keeps running
    using Progress = AnswerTaker::Progress;
    const Progress progress = taker_ != nullptr ? taker_->progress() : Progress::goes_on;
    if (progress == Progress::quiet && idle_runs_) return;
    idle_runs_ = true;
    const uint32_t idle_ms = link_.provider.timeouts.stream_idle_ms;
    const bool waits_less = progress == Progress::has_all && (idle_ms == 0 || idle_ms > max_wait_for_end_ms);
    arm(waits_less ? max_wait_for_end_ms : idle_ms);
  }
}

void Attempt::on_target_broken(const Error& error) {
  const bool again = reused_ && !replaced_ && !streamed_on_ && !connection_->answer_begun() && close_came_first();
  cancel();
  if (!again) return fail_at_target(error.code, error.message);
  replaced_ = true;
  events_.on_sent_again();
  connect();
}

// Whether a kept connection was closed before the request reached the target, so that the target cannot have acted on
// it. Such a close is seen within one round trip; a second one allows for slow machines.
bool Attempt::close_came_first() const {
  constexpr uint64_t least_ms = 20, max_ms = 200, ns_a_ms = 1'000'000, us_a_ms = 1'000;
  const uint64_t window_ms = std::clamp<uint64_t>(2 * connection_->round_trip_us() / us_a_ms, least_ms, max_ms);
  const uint64_t seen_ns = loop_.now_ms() * ns_a_ms;  // when the loop looked at its sockets
  return seen_ns <= sent_ns_ || seen_ns - sent_ns_ <= window_ms * ns_a_ms;
}

// Whether the answer is addressed to us rather than to the caller: a redirection or a proxy's 407.
bool Attempt::is_redirected(const http::ResponseHead& head) {
  constexpr int proxy_authentication_required = 407;
  if (head.status == proxy_authentication_required) {
    redirect_ = std::make_unique<Redirect>(Redirect{{}, "answered 407: a proxy on the way requires credentials"});
  } else if (const auto location = head.fields.find("location"); location && head.status < 400 && head.status != 304) {
    redirect_ = std::make_unique<Redirect>(
        read_redirect(link_.provider.base_url, path_of(request_.head), head.status, *location));
    if (followed_ || streamed_on_) redirect_->path.clear();  // only once, and not after streaming: those bytes are gone
    if (QuotedSecrets(link_.provider).stand_in(*location)) redirect_->what = "answered with a redirection";
  }
  return redirect_ != nullptr;
}

// If the redirecting answer has already ended, cancel() returns the connection to the pool.
void Attempt::follow() {
  const std::unique_ptr<Redirect> redirect = std::move(redirect_);
  cancel();
  if (redirect->path.empty()) return fail_at_target(ErrorCode::target_broke, redirect->what);
  followed_ = true;
  replace_path(request_.head, redirect->path);
  request_.ready_ns = loop_.now_ns();
  events_.on_sent_again();
  start_over();
}

void Attempt::on_target_drained() {
  send();
  if (connection_ && !congested()) events_.on_target_ready();
}

void Attempt::arm(uint32_t after_ms) { loop_.timers().arm(timeout_, after_ms); }

void Attempt::on_timeout() {
  if (refused_) return fail(*std::exchange(refused_, nullptr));
  const config::ProviderTimeouts& limits = link_.provider.timeouts;
  const auto after = [](uint32_t ms) { return " after " + std::to_string(ms) + " ms"; };
  if (phase_ == Phase::connecting) {
    const std::string stage = pending_ ? pending_->stage() : "connecting";
    const bool queued = pending_ && pending_->queued();
    return fail_at_target(queued ? ErrorCode::overloaded : ErrorCode::target_timeout,
                          "no connection" + after(limits.connect_ms) + " (" + stage + ")");
  }
  if (phase_ == Phase::awaiting || (stream_answer_ && !body_begun_)) {
    const uint32_t ms = request_.wants_stream ? limits.first_byte_ms : limits.response_ms;
    return fail_at_target(ErrorCode::target_timeout, "no answer" + after(ms));
  }
  fail_at_target(stream_answer_ ? ErrorCode::target_stalled : ErrorCode::target_timeout,
                 stream_answer_ ? "the stream stalled" + after(limits.stream_idle_ms)
                                : "the answer was incomplete" + after(limits.response_ms));
}

void Attempt::fail(const Error& error) {
  phase_ = Phase::done;
  cancel();
  events_.on_attempt_failed(error);
}

void Attempt::fail_at_target(ErrorCode code, const std::string& what) { fail({code, target_.label() + ": " + what}); }

// The connection goes back to the pool, which keeps it only if its answer is whole.
void Attempt::cancel() {
  timeout_.cancel();
  pending_.reset();
  if (connection_) {
    bytes_in_ = connection_->bytes_in();
    if (!request_sent()) connection_->spoil();  // further bytes would be read as the rest of this request
    link_.pool->give_back(std::move(connection_));
  }
}

}  // namespace sluice::gateway
