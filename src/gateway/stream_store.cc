#include "gateway/stream_store.h"

#include <algorithm>

namespace sluice::gateway {
namespace {

tl::unexpected<Error> unknown() {
  return fail(ErrorCode::unknown_stream,
              "no stream of that id is kept for this key at this path: it ended too long ago, or its model has no "
              "`resume_s`; send the request again, without sluice-resume and last-event-id");
}

// Some dialects have the same endpoint at the paths of several versions.
bool is_same(const api::Endpoint* one, const api::Endpoint* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->dialect == other->dialect && one->name == other->name;
}

tl::unexpected<Error> not_from(uint64_t after, uint64_t first) {
  return fail(ErrorCode::stream_gone,
              "the events after " + std::to_string(after) + " of that stream are no longer kept, only those after " +
                  std::to_string(first) + "; send the request again, without sluice-resume and last-event-id");
}

}  // namespace

void StreamStore::set_most(size_t bytes) {
  const std::lock_guard lock(mutex_);
  constexpr size_t owners_share = 4;
  const StreamBounds standard;
  bounds_.max_bytes = std::min(standard.max_bytes, bytes);
  bounds_.max_owner_bytes = bounds_.max_bytes / owners_share;
}

std::string StreamStore::id_key(std::string_view owner, std::string_view request_id) {
  return std::string(owner).append(1, '\0').append(request_id);
}

// --- the writer ---

StreamStore::Handle StreamStore::open(StreamTerms terms, std::shared_ptr<Bell> teller, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  if (streams_.contains(terms.tag)) return nullptr;
  Owner& owner = owners_[terms.owner];
  if (!make_room(nullptr, owner, entry_bytes)) {
    if (owner.streams == 0) owners_.erase(terms.owner);
    return nullptr;
  }
  auto stream = std::make_shared<KeptStream>(std::move(terms));
  stream->teller_ = std::move(teller);
  stream->alone_ms_ = now_ms;
  streams_.emplace(stream->terms.tag, stream);
  ids_.insert_or_assign(id_key(stream->terms.owner, stream->terms.request_id), stream.get());
  ++owner.streams;
  count(*stream, owner, entry_bytes);
  return stream;
}

void StreamStore::add_head(KeptStream& stream, int status, std::string lines) {
  const std::lock_guard lock(mutex_);
  stream.status_ = status;
  stream.lines_ = std::move(lines);
  ring(stream);
}

void StreamStore::add(KeptStream& stream, std::vector<std::string> frames) {
  const std::lock_guard lock(mutex_);
  if (stream.state_ != KeptStream::State::told) return;
  Owner& owner = owners_[stream.terms.owner];
  give_back_rest(stream, owner);
  for (std::string& frame : frames) {
    const size_t bytes = frame.size() + frame_bytes;
    while (!stream.frames_.empty() && stream.bytes_ + bytes > bounds_.max_stream_bytes) drop_first(stream, owner);
    if (stream.bytes_ + bytes > bounds_.max_stream_bytes || !make_room(&stream, owner, bytes)) {
      while (!stream.frames_.empty()) drop_first(stream, owner);
      ++stream.first_;
      continue;
    }
    count(stream, owner, bytes);
    stream.frames_.push_back(std::move(frame));
  }
  ring(stream);
}

bool StreamStore::hold(KeptStream& stream, size_t rest_bytes) {
  const std::lock_guard lock(mutex_);
  if (stream.state_ != KeptStream::State::told) return true;
  Owner& owner = owners_[stream.terms.owner];
  give_back_rest(stream, owner);
  if (rest_bytes > bounds_.max_stream_bytes || !make_room(&stream, owner, rest_bytes)) return false;
  stream.rest_bytes_ = rest_bytes;
  count(stream, owner, rest_bytes);
  return true;
}

void StreamStore::decline(KeptStream& stream) {
  const std::lock_guard lock(mutex_);
  stream.declined_ = true;
  if (stream.state_ == KeptStream::State::lost) return;
  Owner& owner = owners_[stream.terms.owner];
  give_back_rest(stream, owner);
  while (!stream.frames_.empty()) drop_first(stream, owner);
  ring(stream);
}

void StreamStore::end(KeptStream& stream, bool whole, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  if (stream.state_ != KeptStream::State::told) return;
  give_back_rest(stream, owners_[stream.terms.owner]);
  stream.state_ = whole ? KeptStream::State::whole : KeptStream::State::cut;
  stream.teller_.reset();
  list_ended(stream, now_ms + stream.terms.resume_ms);
  ring(stream);
}

void StreamStore::forget(KeptStream& stream) {
  const std::lock_guard lock(mutex_);
  if (stream.state_ != KeptStream::State::lost) drop(stream);
}

uint64_t StreamStore::alone_since_ms(const KeptStream& stream, uint64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  return stream.followers_ != 0 ? now_ms : stream.alone_ms_;
}

void StreamStore::note_left(KeptStream& stream, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  stream.alone_ms_ = now_ms;
}

bool StreamStore::followed(const KeptStream& stream) const {
  const std::lock_guard lock(mutex_);
  return stream.followed_;
}

// --- the followers ---

KeptStream* StreamStore::find(const ResumeAsked& asked, std::string_view owner) const {
  KeptStream* stream = nullptr;
  if (asked.tag) {
    const auto by_tag = streams_.find(*asked.tag);
    if (by_tag != streams_.end()) stream = by_tag->second.get();
  } else if (const auto by_id = ids_.find(id_key(owner, asked.request_id)); by_id != ids_.end()) {
    stream = by_id->second;
  }
  if (stream == nullptr || stream->terms.owner != owner) return nullptr;
  return asked.request_id.empty() || stream->terms.request_id == asked.request_id ? stream : nullptr;
}

Result<StreamStore::Handle> StreamStore::join(const ResumeAsked& asked, std::string_view owner,
                                              const api::Endpoint* endpoint, uint64_t now_ms, uint64_t& at) {
  const std::lock_guard lock(mutex_);
  KeptStream* const stream = find(asked, owner);
  if (stream == nullptr || !is_same(stream->terms.endpoint, endpoint)) return unknown();
  const bool ended = stream->state_ != KeptStream::State::told;
  if (ended && stream->followers_ == 0 && stream->expires_ms_ <= now_ms) {
    drop(*stream);
    return unknown();
  }
  if (stream->declined_) {
    return fail(ErrorCode::stream_gone,
                "that stream is compressed by its target and cannot be resumed; send the request again, without "
                "sluice-resume and last-event-id");
  }
  const uint64_t after = asked.after_frame.value_or(0);
  const uint64_t told = stream->first_ + stream->frames_.size();
  if (after > told) {
    return fail(ErrorCode::bad_request, "that stream has had " + std::to_string(told) +
                                            " events so far; there is no event " + std::to_string(after) +
                                            " to resume after");
  }
  if (after < stream->first_) return not_from(after, stream->first_);
  if (stream->followers_ >= bounds_.max_followers) {
    return fail(ErrorCode::rate_limited, std::to_string(bounds_.max_followers) +
                                             " connections already follow that stream; try again when one has ended");
  }
  ++stream->followers_;
  stream->followed_ = true;
  if (stream->teller_) stream->teller_->ring();
  at = after;
  return streams_.at(stream->terms.tag);
}

StreamStore::Next StreamStore::read(KeptStream& stream, uint64_t& at, size_t most, std::string& out,
                                    const std::shared_ptr<Bell>& bell) {
  const std::lock_guard lock(mutex_);
  if (stream.state_ == KeptStream::State::lost || stream.declined_ || at < stream.first_) return Next::lost;
  const size_t begin = out.size();
  for (uint64_t i = at - stream.first_; i < stream.frames_.size() && out.size() - begin < most; ++i, ++at) {
    out += stream.frames_[i];
  }
  if (out.size() != begin) return Next::frames;
  if (stream.state_ == KeptStream::State::whole) return Next::whole;
  if (stream.state_ == KeptStream::State::cut) return Next::cut;
  wait(stream, bell);
  return Next::waits;
}

int StreamStore::head(KeptStream& stream, std::string& lines, const std::shared_ptr<Bell>& bell) {
  const std::lock_guard lock(mutex_);
  if (stream.state_ == KeptStream::State::lost || stream.declined_) return -1;
  if (stream.status_ == 0 && stream.state_ != KeptStream::State::told) return -1;
  if (stream.status_ == 0) wait(stream, bell);
  lines = stream.lines_;
  return stream.status_;
}

void StreamStore::leave(KeptStream& stream, const Bell& bell, uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  std::erase_if(stream.waiting_, [&bell](const auto& one) { return one.get() == &bell; });
  if (--stream.followers_ != 0) return;
  stream.alone_ms_ = now_ms;
  if (stream.state_ != KeptStream::State::whole && stream.state_ != KeptStream::State::cut) return;
  unlist_ended(stream);
  list_ended(stream, now_ms + stream.terms.resume_ms);
}

// --- bounds ---

void StreamStore::wait(KeptStream& stream, const std::shared_ptr<Bell>& bell) {
  std::vector<std::shared_ptr<Bell>>& waiting = stream.waiting_;
  if (std::find(waiting.begin(), waiting.end(), bell) == waiting.end()) waiting.push_back(bell);
}

void StreamStore::ring(KeptStream& stream) {
  for (const std::shared_ptr<Bell>& bell : stream.waiting_) bell->ring();
  stream.waiting_.clear();
}

void StreamStore::count(KeptStream& stream, Owner& owner, size_t bytes) {
  stream.bytes_ += bytes;
  owner.bytes += bytes;
  bytes_ += bytes;
}

void StreamStore::give_back_rest(KeptStream& stream, Owner& owner) {
  const size_t bytes = std::exchange(stream.rest_bytes_, 0);
  stream.bytes_ -= bytes;
  owner.bytes -= bytes;
  bytes_ -= bytes;
}

void StreamStore::drop_first(KeptStream& stream, Owner& owner) {
  const size_t bytes = stream.frames_.front().size() + frame_bytes;
  stream.frames_.pop_front();
  ++stream.first_;
  stream.bytes_ -= bytes;
  owner.bytes -= bytes;
  bytes_ -= bytes;
}

// Makes room for `bytes` more of `owner`. `grows`: the stream that they belong to; it may lose its beginning. False:
// there is no room.
bool StreamStore::make_room(KeptStream* grows, Owner& owner, size_t bytes) {
  for (;;) {
    const bool owner_full = owner.bytes + bytes > bounds_.max_owner_bytes;
    if (!owner_full && bytes_ + bytes <= bounds_.max_bytes) return true;
    const std::set<Expiry>& ended = owner_full ? owner.ended : ended_;
    if (!ended.empty()) {
      ++owner.streams;  // keeps the owner alive when its last stream is dropped
      drop(*ended.begin()->second);
      --owner.streams;
    } else if (grows != nullptr && !grows->frames_.empty()) {
      drop_first(*grows, owner);
    } else {
      return false;
    }
  }
}

// Its followers learn that it is lost.
void StreamStore::drop(KeptStream& stream) {
  unlist_ended(stream);
  stream.state_ = KeptStream::State::lost;
  stream.frames_.clear();
  stream.teller_.reset();
  ring(stream);
  const auto owner = owners_.find(stream.terms.owner);
  owner->second.bytes -= stream.bytes_;
  bytes_ -= stream.bytes_;
  if (--owner->second.streams == 0) owners_.erase(owner);
  const auto id = ids_.find(id_key(stream.terms.owner, stream.terms.request_id));
  if (id != ids_.end() && id->second == &stream) ids_.erase(id);
  const uint64_t tag = stream.terms.tag;
  streams_.erase(tag);  // perhaps the last reference
}

void StreamStore::list_ended(KeptStream& stream, uint64_t expires_ms) {
  stream.expires_ms_ = expires_ms;
  ended_.emplace(expires_ms, &stream);
  owners_[stream.terms.owner].ended.emplace(expires_ms, &stream);
}

void StreamStore::unlist_ended(KeptStream& stream) {
  ended_.erase({stream.expires_ms_, &stream});
  owners_[stream.terms.owner].ended.erase({stream.expires_ms_, &stream});
}

void StreamStore::drop_old(uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  while (!ended_.empty() && ended_.begin()->first <= now_ms) {
    KeptStream& stream = *ended_.begin()->second;
    if (stream.followers_ == 0) {
      drop(stream);
    } else {
      unlist_ended(stream);
      list_ended(stream, now_ms + stream.terms.resume_ms);
    }
  }
}

size_t StreamStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

size_t StreamStore::size() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

}  // namespace sluice::gateway
