// What a relay remembers of a stream that its target may not finish, and how it goes on with the rest of it.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "api/dialect.h"
#include "api/media_type.h"
#include "api/numbered_frames.h"
#include "gateway/byte_relay.h"
#include "gateway/known_facts.h"

namespace sluice::gateway {

static constexpr size_t sent_count_bytes = 64 * 1024;  // remembered bytes are recounted in steps of this size

void ByteRelay::remember(const routing::Target& target, BufferShare* buffers) {
  const api::TranslationRoom& room = api::room_of(dialect_).translation;
  if (!room.reads() || !room.writes()) return;
  if (!streaming() || opaque_ || coding_ == Coding::inflate_for_tap) return;
  sent_ = std::make_unique<api::SentFrames>(tap_->format());
  target_ = &target;
  sent_hold_.emplace(buffers);
  next_count_ = sent_count_bytes;
  if (whole_frames_) tap_->read_all_frames();
}

// Counts the memory of what is remembered. If it grows too large, or the memory is needed for requests, it is dropped
// and the stream continues without it.
void ByteRelay::count_sent() {
  constexpr size_t max_bytes = 12 * 1024 * 1024;
  if (sent_->frames().size() >= api::SentFrames::max_raw_bytes) {
    sent_->read(api::room_of(dialect_).translation, origin_of(*target_, dialect_));
  }
  const size_t held = sent_->held_bytes();
  if (held > max_bytes || !sent_hold_->resize_where_roomy(held)) {
    sent_->forget();
    sent_hold_->resize(0);
  }
  next_count_ = sent_->raw_bytes() + sent_count_bytes;
}

std::optional<uint64_t> ByteRelay::leave_off() {
  if (!whole_frames_ || coding_ != Coding::as_is || failed()) return std::nullopt;
  if (next_number_) drop_known();
  if (!pieces_.empty()) turn();
  if (!between_frames()) return std::nullopt;  // the frame was too large to hold back, part of it is out
  const std::optional<uint64_t> unsent = sent_ ? api::sequence_in(sent_->take_tail()) : std::nullopt;
  uint64_t next = std::max(tap_->next_sequence(), next_number_.value_or(0));
  if (unsent && *unsent + 1 == next) next = *unsent;  // it was whole except for the blank line
  if (next == 0) return std::nullopt;
  next_number_ = next;
  failure_.reset();
  return next - 1;
}

bool ByteRelay::go_on_with(const http::ResponseHead& head) {
  constexpr int ok = 200;
  const api::MediaType media = api::media_type_of(head.fields.find("content-type").value_or(""));
  if (head.status != ok || media != api::MediaType::events || head.fields.find("content-encoding")) return false;
  tap_.emplace(dialect_, media, false, api::Asked{true, 1});
  tap_->pass_whole_frames();
  if (sent_) tap_->read_all_frames();
  all_came_ = false;
  ending_ = head.framing == http::BodyFraming::until_close ? Ending::by_close : Ending::by_framing;
  return true;
}

// Drops those of this turn's events that the caller already has.
void ByteRelay::drop_known() {
  if (pieces_.empty()) return;
  keep();
  const std::string_view all = kept_;
  const size_t known = api::bytes_before(all, *next_number_);
  pieces_.clear();
  if (known == all.npos) {
    tap_.emplace(dialect_, api::MediaType::events, false, api::Asked{true, 1});  // what the old one read is no end
    failure_ = std::make_unique<Error>(Error{
        ErrorCode::target_cut, "the answer broke off, and its target continued at a later event: a part is missing"});
  } else if (known < all.size()) {
    next_number_.reset();
    pieces_.push_back(all.substr(known));
  }
}

std::unique_ptr<api::SentFrames> ByteRelay::take_sent() {
  if (sent_ && !pieces_.empty()) turn();
  taken_ = sent_ && sent_->complete();
  had_frames_ = taken_ && sent_->any();
  return std::move(sent_);
}

api::ArrayPlace ByteRelay::array_place() const {
  if (tap_->format() != api::StreamFormat::json_array) return api::ArrayPlace::closed;
  if (!whole_only()) return tap_->array_place();
  const bool has_any = sent_ ? sent_->any() : had_frames_;
  return has_any ? api::ArrayPlace::after_element : api::ArrayPlace::nothing_yet;
}

}  // namespace sluice::gateway
