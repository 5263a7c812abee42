#include "gateway/byte_relay.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "api/dialect.h"
#include "api/error_body.h"
#include "api/media_type.h"
#include "api/target_error.h"
#include "base/give_back.h"
#include "gateway/origin_fields.h"
#include "http/writer.h"
#include "net/loop.h"
#include "net/stream.h"

namespace sluice::gateway {

using net::WriteMarks;

namespace {

// Fields of the target's answer that are replaced by ours or that follow from the framing. Sets `dated` at a Date.
bool is_ours(std::string_view name, bool& dated) {
  switch (name.size()) {
    case 4:
      dated = dated || http::same_name(name, "date");
      return false;
    case 12:
      return http::same_name(name, "x-request-id");
    case 13:
      return http::same_name(name, "sluice-target");
    case 14:
      return http::same_name(name, "content-length");
    case 15:
      return http::same_name(name, "sluice-attempts");
    default:
      return false;
  }
}

// Masks secrets that the head's lines or its reason may quote. A masked reason is stored in `scratch`.
[[gnu::cold]] void hide_secrets(const config::Provider& provider, std::string& lines, std::string_view& reason,
                                std::string& scratch) {
  const QuotedSecrets secrets(provider);
  if (secrets.stand_in(lines)) lines = secrets.masked(lines);
  if (secrets.stand_in(reason)) reason = scratch = secrets.masked(reason);
}

// target_broke: the status is a success, but the head shows that this is no answer.
Result<void> look_at_head(const http::ResponseHead& head, const RelayedRequest& request, api::MediaType media,
                          std::string_view type) {
  if (request.answers && head.status >= 300 && head.status < 400) return nothing_answered(head.status);
  if (head.status >= 300) return {};
  const bool no_body = head.framing == http::BodyFraming::none;
  if (!no_body && media == api::MediaType::page && !request.passes) return page_in_place(type);
  const bool is_empty = no_body || (head.framing == http::BodyFraming::length && head.content_length == 0);
  if (is_empty && request.answers) return nothing_answered(head.status);
  if (request.answers && !request.stream_asked && media == api::MediaType::events) return stream_unasked();
  return {};
}

}  // namespace

Result<void> ByteRelay::begin_answer(const http::ResponseHead& head, const RelayedRequest& request,
                                     const OwnFields& own, std::string& lines) {
  dialect_ = request.dialect;
  status_ = head.status;
  passes_ = request.passes;
  no_body_ = head.framing == http::BodyFraming::none;
  if (head.framing == http::BodyFraming::until_close) ending_ = Ending::by_close;
  if (status_ >= 400) error_text_ = std::make_unique<std::string>();
  const std::string_view type = head.fields.find("content-type").value_or("");
  api::MediaType media = api::media_type_of(type);
  answers_ = request.answers && status_ < 300;
  if (answers_ && media == api::MediaType::other) media = type_due(request, request.format);
  if (Result<void> good = look_at_head(head, request, media, type); !good) return good;
  const bool hide_asked = request.hide_usage && status_ == 200;
  tap_.emplace(dialect_, media, hide_asked,
               api::Asked{request.stream_asked && status_ < 300, request.choices, answers_});
  const bool hide_usage = hide_asked && tap_->format() == api::StreamFormat::sse;

  const config::Provider& provider = *(provider_ = own.target.provider);
  const size_t secret_bytes = shortest_secret(provider);
  const bool may_quote_in_body = status_ >= 300 && !no_body_ && secret_bytes != SIZE_MAX;
  const std::string_view name = head.fields.find("content-encoding").value_or("");
  if (!name.empty() && !http::same_name(name, "identity")) {
    const bool accepted = http::accepts_coding(request.codings, name);
    const std::optional<http::Coding> coding = http::coding_named(name);
    if (!coding && !accepted) {
      return coding_unasked(name);
    }
    opaque_ = !coding;
    if (coding) {
      inflater_ = std::make_unique<http::Inflater>(*coding, http::InflaterLimits{}, Fault::target);
      coding_ = accepted && !hide_usage && !may_quote_in_body ? Coding::inflate_for_tap : Coding::inflate;
    }
  }
  rewrites_ = hide_usage || coding_ == Coding::inflate;

  lines.clear();
  bool dated = false;
  bool may_quote = head.reason.size() >= secret_bytes;
  const http::HopByHop is_hop_by_hop(head.fields);
  for (size_t i = 0; i < head.fields.size(); ++i) {
    const http::Field field = head.fields[i];
    if (is_hop_by_hop(field.name) || is_ours(field.name, dated) || stays_from_caller(field.name)) continue;
    if (!own.rate_limits.empty() && api::is_rate_limit_field(field.name)) continue;
    if (coding_ == Coding::inflate && http::same_name(field.name, "content-encoding")) continue;
    if (!own.address_field.empty() && http::same_name(field.name, own.address_field)) continue;
    may_quote = may_quote || field.value.size() >= secret_bytes || field.name.size() >= secret_bytes;
    http::write_field(lines, field.name, field.value);
  }
  std::string_view reason = head.reason;
  std::string masked_reason;
  if (may_quote) hide_secrets(provider, lines, reason, masked_reason);
  if (may_quote_in_body && !opaque_) secrets_ = std::make_unique<QuotedSecrets>(provider);
  // Makes nginx pass the stream on unbuffered (nginx documentation: proxy_buffering).
  if ((streaming() || request.stream_asked) && !head.fields.find("x-accel-buffering"))
    http::write_field(lines, "x-accel-buffering", "no");
  if (!own.address_field.empty()) http::write_field(lines, own.address_field, own.address);
  http::write_field(lines, "x-request-id", own.request_id);
  if (!dated) write_date(lines);
  own.target.append_label(lines += std::string_view("sluice-target: "));
  lines += std::string_view("\r\n");
  http::write_field(lines, "sluice-attempts", own.attempts);
  if (!own.dropped.empty()) http::write_field(lines, "sluice-dropped", own.dropped);
  for (const api::RateLimitFields::Field& field : own.rate_limits) http::write_field(lines, field.name, field.value());
  const http::Responder::Length length = choose_length(head);
  const bool says_itself = head.status < 400 || head.fields.find("x-should-retry");
  if (!says_itself && is_lasting(head.status)) http::write_field(lines, "x-should-retry", "false");
  if (!says_itself && head.status == 429 && !opaque_ && coding_ != Coding::inflate_for_tap) {
    held_head_ = std::make_unique<HeldHead>(HeldHead{lines, std::string(reason), length});
  } else {
    responder_.send_head_lines(head.status, lines, length, reason);
  }
  begun_ = true;
  pieces_.clear();
  return {};
}

// Whether the caller is told the body's length, and which; what goes on by whole frames depends on it.
http::Responder::Length ByteRelay::choose_length(const http::ResponseHead& head) {
  // A body that ends by close is sent chunked, so that the caller can see its end; so is one whose length we change.
  http::Responder::Length length;
  // Another target may have to continue a stream, and make it longer.
  length_told_ = head.framing == http::BodyFraming::length && !rewrites_ && !(answers_ && streaming());
  choose_frames();
  if (length_told_) length.bytes = head.content_length;
  // For HEAD and 304, content-length is that of the body that is not sent; only the target knows it.
  if (head.framing == http::BodyFraming::none) {
    const bool told = coding_ != Coding::inflate && head.fields.find("content-length").has_value();
    length.bytes = told ? head.content_length : http::Responder::Length::unsaid;
  }
  return length;
}

void ByteRelay::choose_frames() {
  whole_frames_ = !length_told_ && !opaque_ && coding_ != Coding::inflate_for_tap && !passes_ && status_ < 300;
  if (whole_frames_) tap_->pass_whole_frames();
}

// Copies this turn's pieces, because the tap or the inflater is about to overwrite their buffers.
void ByteRelay::keep() {
  if (pieces_.empty()) return;
  std::string all;
  for (const std::string_view piece : pieces_) all += piece;
  kept_ = std::move(all);
  pieces_.assign(1, kept_);
}

void ByteRelay::on_answer_body(std::string_view bytes) {
  if (failure_) return;
  if (first_byte_ns_ == 0) first_byte_ns_ = begun_ns_ != 0 ? begun_ns_ : responder_.loop().now_ns();
  if (const Result<void> done = read(bytes); !done) failure_ = std::make_unique<Error>(done.error());
}

void ByteRelay::on_answer_end() {
  if (failure_) return;
  if (const Result<void> done = read_end(); !done) failure_ = std::make_unique<Error>(done.error());
}

bool ByteRelay::on_answer_turn() {
  begun_ns_ = 0;
  if (next_number_) [[unlikely]]
    drop_known();
  if (failure_) {
    if (sent_) turn();  // whole frames before the failure still count
    events_.on_relay_failed(*std::exchange(failure_, nullptr));
    return true;
  }
  turn();
  return holds_back_ ? inflate_on() : after_turn();
}

Result<void> ByteRelay::read(std::string_view bytes) {
  if (coding_ == Coding::inflate || tap_->lent()) keep();
  if (opaque_) {
    pieces_.push_back(bytes);
    said_ = true;
    return {};
  }
  if (coding_ == Coding::as_is) {
    tap_->feed(bytes, pieces_);
    look(bytes);
    return {};
  }
  if (coding_ == Coding::inflate) {
    compressed_ += bytes;
    holds_back_ = true;
    return inflate();
  }
  read_along(bytes);
  pieces_.push_back(bytes);
  return {};
}

api::Standing ByteRelay::standing() const { return opaque_ || passes_ ? api::Standing::unread : tap_->standing(); }

Shape ByteRelay::shape() const {
  if (status_ >= 300) return Shape::error_body;
  return streaming() ? Shape::stream : Shape::body;
}

CallerFraming ByteRelay::caller_framing() const {
  return {length_told_, opaque_ || coding_ == Coding::inflate_for_tap};
}

// Inflates only as much as may be buffered for the caller: a few compressed bytes can expand to any size.
Result<void> ByteRelay::inflate() {
  std::string_view rest = compressed_;
  size_t made = 0;
  while (holds_back_ && responder_.pending_bytes() + made <= WriteMarks::high_bytes) {
    keep();
    inflated_.clear();
    const Result<bool> more = inflater_->step(rest, inflated_);
    if (!more) return tl::unexpected<Error>(more.error());
    holds_back_ = *more;
    made += inflated_.size();
    tap_->feed(inflated_, pieces_);
    look(inflated_);
  }
  compressed_.erase(0, compressed_.size() - rest.size());
  return {};
}

Result<void> ByteRelay::inflate_more() {
  if (Result<void> done = inflate(); !done || holds_back_ || !end_waits_) return done;
  return read_end();
}

// Continues inflating what has arrived, as much as may be buffered for the caller.
bool ByteRelay::inflate_on() {
  while (holds_back_ && responder_.pending_bytes() <= WriteMarks::high_bytes) {
    if (const Result<void> done = inflate_more(); !done) {
      events_.on_relay_failed(done.error());
      return false;
    }
    turn();
  }
  return !holds_back_ && after_turn();
}

// Inflates for the tap only; the caller gets the bytes unchanged. If they cannot be inflated, or are a bomb, only the
// tap stops reading.
void ByteRelay::read_along(std::string_view bytes) {
  constexpr size_t max_made = 64 * 1024 * 1024;  // for one read; about the most that zlib can make of it
  std::vector<std::string_view> unused;
  size_t made = 0;
  for (bool more = true; more;) {
    inflated_.clear();
    const Result<bool> step = inflater_->step(bytes, inflated_);
    made += inflated_.size();
    if (!step || made > max_made) {
      coding_ = Coding::as_is;
      opaque_ = true;
      return;
    }
    more = *step;
    tap_->feed(inflated_, unused);
    look(inflated_);
    unused.clear();
  }
}

Result<void> ByteRelay::read_end() {
  end_waits_ = holds_back_;
  if (end_waits_) return {};
  all_came_ = true;
  if (inflater_ && !opaque_) {
    if (const Result<void> whole = inflater_->finish(); !whole) return whole;
  }
  if (coding_ == Coding::inflate || tap_->lent()) keep();
  if (coding_ == Coding::as_is && !opaque_) {
    tap_->finish(pieces_);
  } else if (!opaque_) {
    std::vector<std::string_view> unused;
    tap_->finish(coding_ == Coding::inflate ? pieces_ : unused);
  }
  if (!no_body_ && !is_whole(standing(), shape(), ending_, caller_framing())) return cut_short();
  if (!error_text_ && !opaque_ && tap_->saw_error()) [[unlikely]]
    look_at_last();  // it had no line end
  if (lacks_answer()) return no_answer(dialect_);
  write_missing_end();
  ended_ = true;
  return {};
}

bool ByteRelay::lacks_answer() const { return answers_ && !error_text_ && !opaque_ && !tap_->is_answer(); }

void ByteRelay::look_at_last() {
  std::string all;
  for (const std::string_view piece : pieces_) all += piece;
  look(all);
}

// Completes a stream that has finished without its dialect's last frame or without the blank line after it: SSE readers
// drop an event without that line.
void ByteRelay::write_missing_end() {
  if (!whole_frames_) return;
  const std::string_view missing = tap_->missing_end();
  constexpr std::string_view frame_end = "\n\n";
  const bool is_open = tap_->format() == api::StreamFormat::sse && tap_->whole() && !tap_->between_frames();
  if (is_open) pieces_.push_back(frame_end);
  if (!missing.empty()) pieces_.push_back(missing);
}

bool ByteRelay::end_early() {
  if (!begun_ || holds_back_ || lacks_answer() || !is_whole(standing(), shape(), Ending::broken_off, caller_framing()))
    return false;
  write_missing_end();
  ended_ = true;
  turn();
  return true;
}

// Whether the head still has to wait for more of the body. The body so far is copied, because all exchanges share
// `pieces_`.
bool ByteRelay::hold_back() {
  constexpr size_t max_bytes = 16 * 1024;
  for (const std::string_view piece : pieces_) held_head_->body += piece;
  pieces_.clear();  // other exchanges use it until this one's next turn
  kept_.clear();
  if (!ended_ && held_head_->body.size() < max_bytes) return true;
  send_held();
  return false;
}

// Sends the head; the body so far becomes part of this turn's pieces.
void ByteRelay::send_held() {
  const std::unique_ptr<HeldHead> held = std::move(held_head_);
  if (api::is_out_of_money(held->body)) http::write_field(held->lines, "x-should-retry", "false");
  responder_.send_head_lines(status_, held->lines, held->length, held->reason);
  kept_ = std::move(held->body);
  if (!kept_.empty()) pieces_.insert(pieces_.begin(), kept_);
}

// A stream has begun to report an error, which may quote a key, too.
void ByteRelay::mask_from_here() {
  const bool readable = streaming() && !opaque_ && !passes_ && coding_ != Coding::inflate_for_tap;
  if (readable && shortest_secret(*provider_) != SIZE_MAX) secrets_ = std::make_unique<QuotedSecrets>(*provider_);
}

// An error's body may quote the rejected key. What the masker still holds when the answer is cut is not sent.
void ByteRelay::mask_pieces() {
  std::string masked;
  for (const std::string_view piece : pieces_) masked += secrets_->pass(piece, false);
  if (ended_) masked += secrets_->pass({}, true);
  kept_ = std::move(masked);
  pieces_.clear();
  if (!kept_.empty()) pieces_.push_back(kept_);
}

// The turn that reports a failure is held back: if another target could continue, the course decides what the caller
// sees.
void ByteRelay::withhold() {
  for (const std::string_view piece : pieces_) withheld_ += piece;
  pieces_.clear();
  kept_.clear();
}

void ByteRelay::release() {
  if (!sent_) return;
  pieces_.insert(pieces_.begin(), withheld_);
  turn();
  give_back(withheld_);
}

void ByteRelay::turn() {
  if (sent_) [[unlikely]] {
    if (error_text_ && !error_told_) return withhold();
    ended_ ? sent_->let_go(pieces_) : sent_->hold_tail(pieces_);
    if (sent_->raw_bytes() >= next_count_) count_sent();
  }
  if (status_ >= 300 || error_text_) [[unlikely]] {
    if (status_ < 300 && !secrets_) mask_from_here();
    if (secrets_) mask_pieces();
    if (held_head_ && hold_back()) return;
  }
  if (!pieces_.empty() || ended_) {
    responder_.send_body(pieces_, ended_);
  } else {
    responder_.flush_head();
  }
  pieces_.clear();
  kept_.clear();
}

void ByteRelay::break_off(const Error& error, std::string_view request_id) {
  // All promised bytes have arrived, yet the answer is not whole. Sending the last ones would make it look whole.
  if (length_told_ && all_came_) pieces_.clear();
  if (sent_ && sent_->complete()) sent_->hold_tail(pieces_);
  std::string event;
  if (takes_event(standing(), shape(), caller_framing())) {
    event = api::error_event(dialect_, tap_->format(), error, request_id,
                             {between_frames(), tap_->next_sequence(), array_place()});
  }
  if (secrets_) mask_pieces();
  if (held_head_) {
    hold_back();
    if (held_head_) send_held();
  }
  if (!event.empty()) pieces_.push_back(event);
  if (!pieces_.empty()) responder_.send_body(pieces_);
  pieces_.clear();
}

}  // namespace sluice::gateway
