#include "net/memory_pipe.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "net/loop.h"

namespace sluice::net {
namespace {

constexpr size_t kept_capacity_bytes = 16 * 1024;  // of an empty lane, so that small messages allocate nothing

class MemoryStream;

// One direction.
struct Lane {
  std::string bytes;
  size_t begin = 0;  // bytes before it have been read

  size_t size() const { return bytes.size() - begin; }
  void append(std::string_view more) {
    if (begin > 0 && begin >= bytes.size() / 2) {
      bytes.erase(0, begin);
      begin = 0;
    }
    bytes += more;
  }
  void drop(size_t count) {
    begin += count;
    if (begin < bytes.size()) return;
    begin = 0;
    bytes.clear();
    if (bytes.capacity() > kept_capacity_bytes) std::string().swap(bytes);
  }
};

// Shared by both ends and the deferred delivery; the last of them frees it.
struct Pipe {
  Loop& loop;
  const size_t max_per_delivery;
  Lane lanes[2];  // lanes[side] is written by ends[side]
  MemoryStream* ends[2] = {nullptr, nullptr};
  int holds = 0;
  bool scheduled = false;

  void release() {
    if (--holds == 0) delete this;
  }
  void schedule() {
    if (scheduled) return;
    scheduled = true;
    ++holds;
    loop.defer([this] { deliver(); });
  }
  void deliver();
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(Pipe& pipe, int side) : pipe_(pipe), side_(side) {
    pipe_.ends[side_] = this;
    ++pipe_.holds;
  }
  ~MemoryStream() override {
    pipe_.ends[side_] = nullptr;
    Lane& in = pipe_.lanes[1 - side_];
    in.drop(in.size());  // no code will read it
    if (pipe_.ends[1 - side_]) pipe_.schedule();
    pipe_.release();
  }

  void set_events(StreamEvents* events) override {
    events_ = events;
    if (events_) pipe_.schedule();
  }
  void start_reading() override {
    if (reading_) return;
    reading_ = true;
    if (in().size() > 0 || in_over()) pipe_.schedule();
  }
  void stop_reading() override { reading_ = false; }
  using Stream::write;
  void write(std::span<const std::string_view> pieces) override {
    if (end_asked_ || broken_) return;
    bool any = false;
    for (const std::string_view piece : pieces) {
      any = any || !piece.empty();
      if (other()) out().append(piece);
    }
    if (!any) return;
    if (!other()) broken_ = true;
    if (out().size() > WriteMarks::high_bytes) above_high_ = true;
    pipe_.schedule();
  }
  size_t pending_bytes() const override { return pipe_.lanes[side_].size(); }
  void end() override {
    if (end_asked_ || broken_) return;
    end_asked_ = true;
    pipe_.schedule();
  }
  bool reset() override {
    end_asked_ = true;
    if (other()) other()->cut_ = true;
    pipe_.schedule();
    return true;
  }
  std::string peer() const override { return "memory"; }

  // One step of delivery: at most one read, then the events that have become due. Each event may silence or destroy
  // either end, so the pipe is checked again after each.
  static void step(Pipe& pipe, int side) {
    const auto self = [&]() -> MemoryStream* {
      MemoryStream* end = pipe.ends[side];
      return end && end->events_ && !end->broken_told_ ? end : nullptr;
    };
    if (MemoryStream* end = self(); end && end->reading_ && end->in().size() > 0) end->read_some();
    if (MemoryStream* end = self(); end && end->may_tell_end()) {
      end->end_told_ = true;
      end->events_->on_end();
    }
    if (MemoryStream* end = self(); end && end->above_high_ && end->pending_bytes() <= WriteMarks::low_bytes) {
      end->above_high_ = false;
      if (!end->broken_) end->events_->on_drained();
    }
    if (MemoryStream* end = self(); end && end->end_asked_ && !end->ended_told_ && end->pending_bytes() == 0) {
      end->ended_told_ = true;
      if (end->other()) pipe.schedule();  // it may read the end now
      end->events_->on_ended();
    }
    if (MemoryStream* end = self(); end && (end->broken_ || end->cut_) && !(end->reading_ && end->in().size() > 0)) {
      end->broken_told_ = true;
      end->events_->on_broken(Error{ErrorCode::io, "connection closed by the other end in memory"});
    }
    if (MemoryStream* end = self(); end && end->reading_ && end->in().size() > 0) pipe.schedule();
  }

 private:
  MemoryStream* other() const { return pipe_.ends[1 - side_]; }
  Lane& out() { return pipe_.lanes[side_]; }
  Lane& in() { return pipe_.lanes[1 - side_]; }
  // Nothing more will be added to in().
  bool in_over() const { return !other() || other()->end_asked_; }

  bool may_tell_end() { return reading_ && !end_told_ && !cut_ && in().size() == 0 && in_over(); }

  void read_some() {
    const std::span<char> buffer = pipe_.loop.read_buffer();
    const size_t count = std::min({in().size(), buffer.size(), pipe_.max_per_delivery});
    std::memcpy(buffer.data(), in().bytes.data() + in().begin, count);
    in().drop(count);
    if (other()) pipe_.schedule();  // it may have drained
    events_->on_read({buffer.data(), count});
  }

  Pipe& pipe_;
  const int side_;
  StreamEvents* events_ = nullptr;
  bool reading_ = false;
  bool above_high_ = false;
  bool end_asked_ = false;
  bool end_told_ = false;    // on_end
  bool ended_told_ = false;  // on_ended
  bool cut_ = false;         // by the other end's reset()
  bool broken_ = false;
  bool broken_told_ = false;
};

void Pipe::deliver() {
  scheduled = false;
  for (int side = 0; side < 2; ++side) MemoryStream::step(*this, side);
  release();
}

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_pipe(Loop& loop, size_t max_per_delivery) {
  Pipe* pipe = new Pipe{loop, std::max<size_t>(max_per_delivery, 1), {}, {nullptr, nullptr}, 0, false};
  auto first = std::make_unique<MemoryStream>(*pipe, 0);
  auto second = std::make_unique<MemoryStream>(*pipe, 1);
  return {std::move(first), std::move(second)};
}

}  // namespace sluice::net
