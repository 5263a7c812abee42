#include "api/sent_reading.h"

#include <utility>

#include "api/event_filter.h"
#include "api/sent_frames.h"
#include "api/translation.h"

namespace sluice::api {
namespace {

// A reader takes the end of a stream for its finish; only a finish that the target sent has a word.
class WordedFinish final : public EventFilter {
 public:
  using EventFilter::EventFilter;
  void on_finish(const Finish& finish) override {
    if (!finish.word.empty()) next_.on_finish(finish);
  }
};

}  // namespace

SentReading::SentReading(StreamFormat format, const TranslationRoom& room, const Origin& target)
    : sink_(delivered_, room.signs_thinking, nullptr),
      reader_(room.make_reader(target)),
      state_(room.make_sent_state != nullptr ? room.make_sent_state() : nullptr),
      gatherer_(format, *this),
      signs_thinking_(room.signs_thinking) {}

void SentReading::read(std::string_view frames) {
  if (!gatherer_.feed(frames)) delivered_.set_bar(Bar::unread);
}

void SentReading::on_frame(std::string_view event, std::string_view data) {
  const bool is_sentinel = data == "[DONE]";  // some targets send it without need
  if (!reader_->read_frame(event, data, sink_) && !is_sentinel) delivered_.set_bar(Bar::unread);
  if (state_ && document_.parse(data)) state_->take(document_.root());
}

size_t SentReading::held_bytes() const {
  return delivered_.text.size() + reader_->held_bytes() + reader_->scratch_bytes() +
         (state_ ? state_->held_bytes() : 0);
}

Delivered SentReading::end() {
  // The caller also has what the reader still holds: a call, a tool that the provider ran, a finish.
  const size_t told = delivered_.text.size();
  Delivered rest = delivered_;
  DeliveredSink rest_sink(rest, signs_thinking_, nullptr);
  WordedFinish worded(rest_sink);
  reader_->end(worded);
  if (rest.text.size() != told) delivered_.set_bar(Bar::unread);
  delivered_.set_bar(rest.told_bar);
  return std::move(delivered_);
}

Delivered read_delivered(SentFrames& sent, const TranslationRoom& room, const Origin& target, Bar asked) {
  Delivered delivered;
  if (sent.reading() != nullptr) {
    sent.read(room, target);
    delivered = sent.reading()->end();
  } else {
    SentReading reading(sent.format(), room, target);
    reading.read(sent.frames());
    delivered = reading.end();
  }
  if (!sent.complete()) delivered.told_bar = Bar::too_long;
  if (asked != Bar::none) delivered.told_bar = asked;
  return delivered;
}

}  // namespace sluice::api
