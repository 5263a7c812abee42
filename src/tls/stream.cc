#include "tls/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "tls/context.h"
#include "tls/stream_bio.h"

namespace sluice::tls {
namespace {

constexpr size_t record_bytes = SSL3_RT_MAX_PLAIN_LENGTH;
// What one read of the inner stream (64 KiB) plus the record it completes can decrypt to: delivered in one on_read.
constexpr size_t plain_bytes = 5 * record_bytes;
// The records of 64 KiB of text, with their headers and tags: one write of the inner stream.
constexpr size_t outbox_bytes = 4 * (record_bytes + 64);
// A handshake flight with a long certificate chain.
constexpr size_t flight_bytes = record_bytes;

// SSL_get_error() also reads the thread's error queue. The queue is almost always empty, and a look costs a quarter of
// clearing it.
void forget_errors() {
  if (ERR_peek_error() != 0) [[unlikely]]
    ERR_clear_error();
}

}  // namespace

TlsStream::Outbox::Outbox(TlsStream& stream, std::span<char> room) : stream_(stream), room_(room) {
  assert(!stream.outbox_);
  stream.outbox_ = this;
}

TlsStream::Outbox::~Outbox() {
  stream_.outbox_ = nullptr;
  flush();
}

void TlsStream::Outbox::add(std::string_view record) {
  while (!record.empty()) {
    if (used_ + record.size() > room_.size() && used_ > 0) flush();
    const size_t taken = std::min(record.size(), room_.size());
    std::copy_n(record.data(), taken, room_.data() + used_);
    used_ += taken;
    record.remove_prefix(taken);
  }
}

void TlsStream::Outbox::flush() {
  if (used_ == 0) return;
  stream_.inner_->write(std::string_view(room_.data(), used_));
  used_ = 0;
}

TlsStream::TlsStream(net::Loop& loop, Side side, std::string name, Owned<SSL> connection,
                     std::unique_ptr<net::Stream> inner)
    : loop_(loop), inner_(std::move(inner)), connection_(std::move(connection)), name_(std::move(name)), side_(side) {
  inner_->set_events(this);
  if (!connection_ || !StreamBio::attach(connection_.get(), *this)) {
    fail_tls("TLS cannot be set up for this name");
  }
}

TlsStream::TlsStream(net::Loop& loop, TargetContext& context, const std::string& host,
                     std::shared_ptr<SessionCache> sessions, std::unique_ptr<net::Stream> inner)
    : TlsStream(loop, Side::target, host, context.make_connection(host), std::move(inner)) {
  trust_hint_ = context.trust_hint();
  sessions_ = std::move(sessions);
  Owned<SSL_SESSION> session = sessions_ && state_ != State::broken ? sessions_->take(loop.clock().unix_s()) : nullptr;
  offered_session_ = session && SSL_set_session(connection_.get(), session.get()) == 1;
}

TlsStream::TlsStream(net::Loop& loop, ListenerContext& context, std::unique_ptr<net::Stream> inner)
    : TlsStream(loop, Side::caller, "", context.make_connection(), std::move(inner)) {}

TlsStream::~TlsStream() {
  // Closing without close_notify would make OpenSSL discard the session (RFC 5246 7.2.1 no longer requires that).
  if (state_ == State::open) SSL_set_shutdown(connection_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void TlsStream::start_handshake(std::function<void()> ready) {
  ready_ = std::move(ready);
  if (state_ == State::handshake) advance_handshake();
  if (broken_) tell_later();
  steer_reading();
}

void TlsStream::set_events(net::StreamEvents* events) {
  events_ = events;
  if (events_ && (broken_ || reading_ == Reading::end_owed || !stash_.empty())) tell_later();
  steer_reading();
}

void TlsStream::start_reading() {
  wants_bytes_ = true;
  if (reading_ == Reading::end_owed || !stash_.empty()) tell_later();
  steer_reading();
}

void TlsStream::stop_reading() {
  wants_bytes_ = false;
  steer_reading();
}

void TlsStream::write(std::span<const std::string_view> pieces) {
  if (state_ == State::broken || writing_ != Writing::open) return;
  if (state_ == State::open) {
    encrypt_pieces(pieces);
    if (broken_) tell_later();
  } else {
    for (const std::string_view piece : pieces) queued_.append(piece);
  }
  note_pending();
}

size_t TlsStream::pending_bytes() const { return inner_->pending_bytes() + queued_.size(); }

void TlsStream::end() {
  if (state_ == State::broken || writing_ != Writing::open) return;
  writing_ = Writing::ending;
  // During the handshake, with nothing queued, no close_notify is due either.
  if (state_ == State::open || queued_.empty()) shut();
}

// Without a close_notify, which would claim that the data is complete.
bool TlsStream::reset() {
  writing_ = Writing::shut;
  return inner_->reset();
}

std::string TlsStream::peer() const { return inner_->peer(); }

bool TlsStream::session_reused() const { return SSL_session_reused(connection_.get()) == 1; }

std::string_view TlsStream::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(connection_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string_view TlsStream::version() const { return SSL_get_version(connection_.get()); }

// Events of the inner stream.

void TlsStream::on_read(std::string_view bytes) {
  if (state_ == State::broken || peer_ended()) return;
  if (state_ == State::handshake) first_.see(bytes);
  if (stash_.empty()) {
    feed(bytes);
  } else {
    stash_.append(bytes);
  }
}

void TlsStream::on_end() {
  if (!peer_ended()) reading_ = Reading::cut_off;
  if (stash_.empty()) cut();
  tell();
}

void TlsStream::on_broken(const Error& error) {
  if (state_ == State::handshake) {
    fail_tls("peer cut the connection during the TLS handshake (" + error.message + ")");
  } else {
    fail(error);
  }
  tell();
}

void TlsStream::on_drained() {
  tell();
  steer_reading();
}

void TlsStream::on_ended() {
  if (events_ && state_ != State::broken) events_->on_ended();
}

// Input.

void TlsStream::feed(std::string_view bytes) {
  incoming_ = bytes;
  pump();
  if (state_ != State::broken && !peer_ended()) stash_.assign(incoming_);
  incoming_ = {};
  if (reading_ == Reading::cut_off && stash_.empty()) cut();
  tell();
  steer_reading();
}

void TlsStream::pump() {
  if (state_ == State::handshake) advance_handshake();
  std::array<char, plain_bytes + net::read_padding_bytes> plain;
  while (state_ == State::open && !peer_ended() && !incoming_.empty() && delivers()) {
    const size_t size = decrypt({plain.data(), plain_bytes});
    if (size > 0) events_->on_read({plain.data(), size});
  }
}

// Reads only if a whole record fits, so that OpenSSL never holds back half of one.
size_t TlsStream::decrypt(std::span<char> room) {
  std::array<char, 1024> answers;  // to key updates, and alerts
  const Outbox outbox(*this, answers);
  size_t used = 0;
  while (!incoming_.empty() && room.size() - used >= record_bytes) {
    size_t size = 0;
    forget_errors();
    const int read = SSL_read_ex(connection_.get(), room.data() + used, room.size() - used, &size);
    used += size;
    if (read == 1) continue;
    const int error = SSL_get_error(connection_.get(), read);
    if (error == SSL_ERROR_WANT_READ) break;
    if (error == SSL_ERROR_ZERO_RETURN) {
      reading_ = Reading::end_owed;
    } else {
      fail_tls(failure_reason(certificate_problem_, first_));
    }
    break;
  }
  return used;
}

void TlsStream::advance_handshake() {
  {
    std::array<char, flight_bytes> flight;
    const Outbox outbox(*this, flight);
    forget_errors();
    const int done = SSL_do_handshake(connection_.get());
    if (done == 1) {
      state_ = State::open;
      encrypt(std::exchange(queued_, {}));
    } else if (SSL_get_error(connection_.get(), done) != SSL_ERROR_WANT_READ) {
      if (offered_session_) sessions_->clear();  // the session may have been the reason
      fail_tls(failure_reason(certificate_problem_, first_));
    }
  }
  if (state_ != State::open) return;
  // The queue may have been above the mark while the inner stream never was: then its on_drained will not come.
  if (drained_ == Drained::below_mark && inner_->pending_bytes() <= net::WriteMarks::high_bytes) {
    drained_ = Drained::owed;
  }
  if (writing_ == Writing::ending) shut();
  if (ready_) tell_later();
}

// Output.

void TlsStream::encrypt_pieces(std::span<const std::string_view> pieces) {
  std::array<char, outbox_bytes> room;
  const Outbox outbox(*this, room);
  if (pieces.size() == 1) return encrypt(pieces[0]);
  // Small pieces (a head, a chunk size, a chunk) share a record.
  std::array<char, record_bytes> joined;
  size_t used = 0;
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      if (used == 0 && piece.size() >= record_bytes) {
        const size_t whole = piece.size() - piece.size() % record_bytes;
        encrypt(piece.substr(0, whole));
        piece.remove_prefix(whole);
        continue;
      }
      const size_t taken = std::min(piece.size(), record_bytes - used);
      std::copy_n(piece.data(), taken, joined.data() + used);
      used += taken;
      piece.remove_prefix(taken);
      if (used == record_bytes) encrypt({joined.data(), std::exchange(used, 0)});
    }
  }
  encrypt({joined.data(), used});
}

void TlsStream::encrypt(std::string_view bytes) {
  if (bytes.empty() || state_ == State::broken) return;
  size_t written = 0;
  forget_errors();
  if (SSL_write_ex(connection_.get(), bytes.data(), bytes.size(), &written) != 1) {
    fail_tls(failure_reason(certificate_problem_, first_));
  }
}

void TlsStream::shut() {
  if (std::exchange(writing_, Writing::shut) == Writing::shut) return;
  if (state_ == State::open) {
    std::array<char, 128> close_notify;
    const Outbox outbox(*this, close_notify);
    forget_errors();
    SSL_shutdown(connection_.get());
  }
  inner_->end();
}

// Events and failures.

void TlsStream::cut() {
  if (peer_ended()) return;
  if (state_ == State::handshake) return fail_tls("peer cut the connection during the TLS handshake");
  fail({side_ == Side::target ? ErrorCode::target_cut : ErrorCode::caller_gone,
        "connection cut without TLS close_notify"});
}

void TlsStream::fail_tls(const std::string& reason) {
  if (side_ == Side::target) return fail({ErrorCode::target_tls, "TLS to " + name_ + " failed: " + reason});
  fail({ErrorCode::caller_gone, "TLS with the caller failed: " + reason});
}

void TlsStream::fail(Error error) {
  if (state_ == State::broken) return;
  state_ = State::broken;
  broken_ = std::make_unique<Error>(std::move(error));
}

void TlsStream::note_pending() {
  if (drained_ == Drained::untold && pending_bytes() > net::WriteMarks::high_bytes) drained_ = Drained::below_mark;
}

bool TlsStream::delivers() const { return events_ && wants_bytes_; }

void TlsStream::tell() {
  if (state_ == State::broken) {
    if (!broken_ || !events_) return;
    const std::unique_ptr<Error> error = std::move(broken_);
    return events_->on_broken(*error);
  }
  if (drained_ == Drained::owed || (drained_ == Drained::below_mark && pending_bytes() <= net::WriteMarks::low_bytes)) {
    drained_ = Drained::untold;
    if (events_) events_->on_drained();
  }
  if (reading_ == Reading::end_owed && state_ == State::open && delivers()) {
    reading_ = Reading::end_told;
    events_->on_end();
  }
}

void TlsStream::tell_later() {
  if (std::exchange(later_, true)) return;
  if (!self_) self_ = std::make_shared<TlsStream*>(this);
  loop_.defer([weak = std::weak_ptr<TlsStream*>(self_)] {
    if (const auto self = weak.lock()) (*self)->resume();
  });
}

void TlsStream::resume() {
  later_ = false;
  if (!stash_.empty() && state_ == State::open && delivers()) {
    const std::string held = std::exchange(stash_, {});
    feed(held);
  } else {
    tell();
    steer_reading();
  }
  if (!ready_ || state_ != State::open) return;
  const auto ready = std::exchange(ready_, nullptr);
  ready();  // last: it may destroy this
}

void TlsStream::steer_reading() {
  const bool handshaking = state_ == State::handshake && ready_ != nullptr;  // a target's, started
  // A peer that requests key updates but reads nothing would make the answers pile up without bound.
  const bool choked = inner_->pending_bytes() > 2 * net::WriteMarks::high_bytes;
  const bool wanted =
      state_ != State::broken && reading_ == Reading::open && stash_.empty() && !choked && (handshaking || delivers());
  if (wanted == inner_reading_) return;
  inner_reading_ = wanted;
  if (wanted) {
    inner_->start_reading();
  } else {
    inner_->stop_reading();
  }
}

std::unique_ptr<net::Stream> accept_tls(net::Loop& loop, ListenerContext& context, std::unique_ptr<net::Stream> inner) {
  return std::make_unique<TlsStream>(loop, context, std::move(inner));
}

}  // namespace sluice::tls
