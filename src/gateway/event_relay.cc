#include "gateway/event_relay.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "api/dialect.h"
#include "api/media_type.h"
#include "api/target_error.h"
#include "base/give_back.h"
#include "base/spare_text.h"
#include "gateway/quoted_secrets.h"
#include "http/writer.h"
#include "net/loop.h"
#include "net/stream.h"

namespace sluice::gateway {
namespace {

using OutputBlock = SpareText<65'536>;

// Header fields of the target that mean the same in every dialect.
bool passes_between_dialects(std::string_view name) {
  static constexpr std::string_view names[] = {"date", "retry-after", "retry-after-ms", "x-should-retry"};
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view one) { return http::same_name(name, one); });
}

}  // namespace

void EventRelay::write_fields(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own,
                              std::string& lines) const {
  lines.clear();
  bool dated = false;
  for (size_t i = 0; i < head.fields.size(); ++i) {
    const http::Field field = head.fields[i];
    if (!passes_between_dialects(field.name)) continue;
    dated = dated || http::same_name(field.name, "date");
    http::write_field(lines, field.name, field.value);
  }
  http::write_field(lines, "content-type", is_error() ? "application/json" : translation_.content_type());
  if (request.stream_asked) http::write_field(lines, "x-accel-buffering", "no");
  http::write_field(lines, "x-request-id", own.request_id);
  if (!dated) write_date(lines);
  own.target.append_label(lines += "sluice-target: ");
  lines += "\r\n";
  http::write_field(lines, "sluice-attempts", own.attempts);
  if (!own.dropped.empty()) http::write_field(lines, "sluice-dropped", own.dropped);
  for (const api::RateLimitFields::Field& field : own.rate_limits) http::write_field(lines, field.name, field.value());
}

Result<void> EventRelay::begin_answer(const http::ResponseHead& head, const RelayedRequest& request,
                                      const OwnFields& own, std::string& lines) {
  dialect_ = request.dialect;
  status_ = head.status;
  provider_ = own.target.provider;
  request_id_ = own.request_id;
  if (is_error()) error_text_ = std::make_unique<std::string>();
  const std::string_view type = head.fields.find("content-type").value_or("");
  api::MediaType media = api::media_type_of(type);
  if (!is_error() && media == api::MediaType::page) return page_in_place(type);
  if (status_ < 400 && head.framing == http::BodyFraming::none) return nothing_answered(status_);
  if (!is_error() && request.answers && media == api::MediaType::other) {
    const bool is_lines = api::room_of(translation_.dialect()).places.streams_lines;
    media = type_due(request, is_lines ? api::StreamFormat::ndjson : api::StreamFormat::sse);
  }
  tap_.emplace(translation_.dialect(), media, false, api::Asked{translation_.stream() && !is_error(), 1, true});
  const std::string_view name = head.fields.find("content-encoding").value_or("");
  if (!name.empty() && !http::same_name(name, "identity")) {
    const std::optional<http::Coding> coding = http::coding_named(name);
    if (!coding) return coding_unasked(name);
    inflater_ = std::make_unique<http::Inflater>(*coding, http::InflaterLimits{}, Fault::target);
  }
  if (!is_error())
    gatherer_ = std::make_unique<api::FrameGatherer>(tap_->format(), static_cast<api::FrameTaker&>(*this));
  write_fields(head, request, own, lines);
  lines_ = lines;
  says_retry_ = head.fields.find("x-should-retry").has_value();
  const std::string_view after = head.fields.find("retry-after").value_or("");
  std::from_chars(after.data(), after.data() + after.size(), retry_after_s_);
  pieces_.clear();
  return {};
}

void EventRelay::on_answer_body(std::string_view bytes) {
  if (failure_) return;
  if (first_byte_ns_ == 0) first_byte_ns_ = begun_ns_ != 0 ? begun_ns_ : responder_.loop().now_ns();
  if (inflater_) compressed_ += bytes;
  const Result<void> done = inflater_ ? inflate() : read(bytes);
  if (!done) failure_ = std::make_unique<Error>(done.error());
}

void EventRelay::on_answer_end() {
  if (failure_) return;
  all_came_ = true;
  if (waits_) return;
  if (const Result<void> done = read_end(); !done) failure_ = std::make_unique<Error>(done.error());
}

// `bytes`: of the answer, decoded.
Result<void> EventRelay::read(std::string_view bytes) {
  tap_->feed(bytes, pieces_);
  pieces_.clear();
  look(bytes);
  if (!gatherer_) return {};
  OutputBlock::lend(translation_.writer().out);
  const Result<void> done = gatherer_->feed(bytes);
  return done ? count_held() : done;
}

// Bounds what is kept of an answer. A target could send calls that never end, and some callers' dialects repeat the
// whole answer at the end, so all of it is kept.
Result<void> EventRelay::count_held() {
  constexpr size_t step_bytes = 64 * 1024;  // recounted in steps of this size
  const size_t kept = translation_.held_bytes();
  if (kept > api::FrameGatherer::max_frame_bytes) {
    return fail(ErrorCode::target_broke, "the target's answer is larger than the " +
                                             std::to_string(api::FrameGatherer::max_frame_bytes) +
                                             " bytes that can be kept of it for a caller of this API");
  }
  size_t held = kept + translation_.reader().scratch_bytes() + gatherer_->held_bytes();
  const size_t remembered = translation_.remembered_bytes();
  const size_t all = held + remembered;
  if (all < hold_.bytes() + step_bytes && all + step_bytes > hold_.bytes()) return {};
  if (remembered != 0 && !hold_.resize_where_roomy(all)) translation_.forget_delivered();
  held += translation_.remembered_bytes();
  if (hold_.resize(held)) return {};
  return fail(ErrorCode::overloaded,
              "the requests and answers under way take all the memory that limits.buffered_mb allows them; try again "
              "in a moment");
}

// Inflates only as much as may be buffered for the caller: a few compressed bytes can expand to any size.
Result<void> EventRelay::inflate() {
  std::string_view rest = compressed_;
  waits_ = true;
  while (waits_ && responder_.pending_bytes() + translation_.writer().out.size() <= net::WriteMarks::high_bytes) {
    inflated_.clear();
    const Result<bool> more = inflater_->step(rest, inflated_);
    if (!more) return tl::unexpected<Error>(more.error());
    waits_ = *more;
    if (Result<void> done = read(inflated_); !done) return done;
  }
  compressed_.erase(0, compressed_.size() - rest.size());
  return {};
}

void EventRelay::on_frame(std::string_view event, std::string_view data) {
  if (translation_.end().error() != nullptr) return;
  if (data == "[DONE]") {  // a sentinel of some dialects, which targets of other dialects send too
    (void)translation_.reader().read_frame(event, data, translation_.sink());
    return;
  }
  ++frames_;
  const Result<void> done = tap_->format() == api::StreamFormat::none
                                ? translation_.reader().read_body(data, translation_.sink())
                                : translation_.reader().read_frame(event, data, translation_.sink());
  if (!done) ++bad_frames_;
}

Result<void> EventRelay::read_end() {
  if (inflater_) {
    if (const Result<void> whole = inflater_->finish(); !whole) return whole;
  }
  tap_->finish(pieces_);
  pieces_.clear();
  return end_answer();
}

// The whole answer has arrived.
Result<void> EventRelay::end_answer() {
  if (is_error()) {
    end_as_error(status_, nullptr);
    return {};
  }
  gatherer_->finish();
  if (translation_.misfit() != nullptr) return tl::unexpected<Error>(*translation_.misfit());
  const bool is_body = tap_->format() == api::StreamFormat::none;
  // A reader takes the end of a stream for its finish, so end() is only called if the stream has finished.
  const bool is_foreign = tap_->standing() == api::Standing::foreign;
  const bool is_whole = (is_body && !is_foreign) || tap_->standing() == api::Standing::finished;
  if (is_whole && translation_.end().error() == nullptr && frames_ > bad_frames_) {
    translation_.reader().end(translation_.sink());
  }
  if (const api::ProviderError* const told = translation_.end().error(); told != nullptr) {
    if (!error_text_) error_text_ = std::make_unique<std::string>(told->message);
    if (begun_ && !error_told_) return {};  // tell_error() comes first
    if (!begun_) {
      end_as_error(status_within(told->status, told->code, told->message), told);
    } else {
      translation_.writer().on_error(*told);
      ended_ = true;
    }
    return {};
  }
  if (is_body && (bad_frames_ != 0 || is_foreign)) return no_answer(translation_.dialect());
  if (!translation_.end().finished()) return cut_short();
  translation_.writer().end();
  if (!begun_) name_untold();
  ended_ = true;
  return {};
}

// For a plain answer only: a stream's head is out by then, so only the access record shows it.
void EventRelay::name_untold() {
  constexpr std::string_view name = "sluice-dropped: ";
  const std::string what = untold();
  if (what.empty()) return;
  const size_t at = lines_.find(name);
  if (at == std::string::npos) {
    (lines_ += name).append(what).append("\r\n");
  } else {
    lines_.insert(at + name.size(), what + ", ");
  }
}

std::string EventRelay::untold() const {
  constexpr size_t max_bytes = 512;
  return translation_.writer().untold.text(max_bytes);
}

// Writes the target's error in the caller's dialect.
void EventRelay::end_as_error(int status, const api::ProviderError* told) {
  api::TargetWords words =
      told != nullptr ? api::TargetWords{told->code, told->message} : api::target_words(*error_text_);
  const QuotedSecrets secrets(*provider_);
  constexpr int overloaded = 529;
  if (status == overloaded) status = api::room_of(dialect_).translation.overloaded_status;
  if (told != nullptr && told->retry_after_s) retry_after_s_ = *told->retry_after_s;
  if (retry_after_s_ == 0 && error_text_) {
    retry_after_s_ = api::retry_delay_s(*error_text_);
    if (retry_after_s_ != 0) http::write_field(lines_, "retry-after", retry_after_s_);
  }
  api::ProviderError error{status, secrets.masked(words.code), secrets.masked(words.message), {}};
  if (error.message.empty()) error.message = "the target answered with status " + std::to_string(status);
  if (retry_after_s_ != 0) error.retry_after_s = retry_after_s_;
  error_body_.clear();
  api::room_of(dialect_).translation.write_provider_error(error, request_id_, error_body_);
  const bool lasting = is_lasting(status) || api::is_about_money(words.code) || api::is_out_of_money(*error_text_);
  if (lasting && !says_retry_) http::write_field(lines_, "x-should-retry", "false");
  if (status_ < 300) {  // the head was that of a success
    const size_t at = lines_.find("content-type: ");
    lines_.replace(at, lines_.find("\r\n", at) - at, "content-type: application/json");
  }
  send_head(status);
  ended_ = true;
}

void EventRelay::send_head(int status) {
  http::Responder::Length length;
  if (!error_body_.empty()) length.bytes = error_body_.size();
  if (error_body_.empty() && ended_) length.bytes = translation_.writer().out.size();
  responder_.send_head_lines(status, lines_, length, {});
  told_status_ = status;
  begun_ = true;
}

void EventRelay::turn() {
  std::string& out = translation_.writer().out;
  const bool goes_out = ended_ || (translation_.stream() && !out.empty());
  if (!goes_out) return;
  if (!begun_) send_head(200);
  const std::string_view piece = error_body_.empty() ? std::string_view(out) : std::string_view(error_body_);
  responder_.send_body(std::span<const std::string_view>(&piece, piece.empty() ? 0 : 1), ended_);
  OutputBlock::take_back(out);
}

// Handles an error that the target has reported; nothing that follows can repair it. True: the course has taken over,
// and the caller does not see the error.
bool EventRelay::tell_error() {
  if (failure_ || ended_ || translation_.end().error() == nullptr) return false;
  if (!error_text_) error_text_ = std::make_unique<std::string>(translation_.end().error()->message);
  if (begun_ && !std::exchange(error_told_, true) && events_.on_error_told()) return true;
  if (begun_ && responder_.recall_head()) begun_ = false;
  if (const Result<void> done = end_answer(); !done) failure_ = std::make_unique<Error>(done.error());
  return false;
}

bool EventRelay::on_answer_turn() {
  begun_ns_ = 0;
  if (!failure_ && translation_.misfit() != nullptr) failure_ = std::make_unique<Error>(*translation_.misfit());
  if (tell_error()) return true;
  if (failure_) {
    events_.on_relay_failed(*std::exchange(failure_, nullptr));
    return true;
  }
  turn();
  return begun_ ? after_turn() && !waits_ : true;
}

bool EventRelay::go_on() {
  while (waits_ && !failure_ && responder_.pending_bytes() <= net::WriteMarks::high_bytes) {
    Result<void> done = inflate();
    if (done && !waits_ && all_came_) done = read_end();
    if (!done) failure_ = std::make_unique<Error>(done.error());
    if (tell_error()) return false;
    if (failure_) {
      events_.on_relay_failed(*std::exchange(failure_, nullptr));
      return false;
    }
    turn();
  }
  return !waits_ && (!begun_ || after_turn());
}

bool EventRelay::end_early() {
  const bool is_stream = tap_ && tap_->format() != api::StreamFormat::none;
  if (!is_stream || waits_ || is_error() || tap_->standing() != api::Standing::finished) return false;
  if (!end_answer()) return false;
  turn();
  return ended_;
}

void EventRelay::break_off(const Error& error, std::string_view request_id) {
  if (translation_.stream()) translation_.writer().fail(error, request_id);
  const std::string_view piece = translation_.writer().out;
  if (!piece.empty()) responder_.send_body(std::span<const std::string_view>(&piece, 1));
  translation_.writer().out.clear();
}

}  // namespace sluice::gateway
