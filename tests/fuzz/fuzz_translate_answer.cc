// Whatever a target answers, a rejected frame produces no event. Behind the guard an answer starts once and ends at
// most once, and each part ends once. A caller of any dialect gets whole frames of JSON, or one JSON body.
#include <array>
#include <memory>
#include <set>
#include <string>

#include "api/dialect.h"
#include "api/event_filter.h"
#include "api/json_value.h"
#include "base/error.h"
#include "fuzz/fuzz.h"

namespace {

using namespace sluice;
using fuzz::check;

constexpr std::array<std::string_view, 5> endpoints{"chat/completions", "responses", "messages", "generate", "chat"};

bool is_json(std::string_view text) {
  api::JsonDocument document;
  return document.parse(text).has_value();
}

// Counts the reader's events.
class Counter final : public api::EventFilter {
 public:
  using EventFilter::EventFilter;
  size_t told = 0;
  void on_start(const api::AnswerStart& start) override { ++told, EventFilter::on_start(start); }
  void on_text(uint32_t part, api::JsonText text) override { ++told, EventFilter::on_text(part, text); }
  void on_refusal(uint32_t part, api::JsonText text) override { ++told, EventFilter::on_refusal(part, text); }
  void on_thinking(uint32_t part, api::JsonText text, bool is_summary) override {
    ++told, EventFilter::on_thinking(part, text, is_summary);
  }
  void on_signature(uint32_t part, const api::Opaque& opaque, bool is_redacted) override {
    ++told, EventFilter::on_signature(part, opaque, is_redacted);
  }
  void on_call(const api::CallStart& call) override { ++told, EventFilter::on_call(call); }
  void on_arguments(uint32_t part, api::JsonText piece) override { ++told, EventFilter::on_arguments(part, piece); }
  void on_extra(const api::Extra& extra) override { ++told, EventFilter::on_extra(extra); }
  void on_part_end(uint32_t part) override { ++told, EventFilter::on_part_end(part); }
  void on_usage(const api::AnswerUsage& usage) override { ++told, EventFilter::on_usage(usage); }
  void on_finish(const api::Finish& finish) override { ++told, EventFilter::on_finish(finish); }
  void on_error(const api::ProviderError& error) override { ++told, EventFilter::on_error(error); }
};

// Checks what a writer may rely on.
class Order final : public api::EventFilter {
 public:
  using EventFilter::EventFilter;
  void on_start(const api::AnswerStart& start) override {
    check(!started_, "one start");
    started_ = true;
    EventFilter::on_start(start);
  }
  void on_text(uint32_t part, api::JsonText text) override {
    goes_on(part);
    EventFilter::on_text(part, text);
  }
  void on_thinking(uint32_t part, api::JsonText text, bool is_summary) override {
    goes_on(part);
    EventFilter::on_thinking(part, text, is_summary);
  }
  void on_call(const api::CallStart& call) override {
    goes_on(call.part);
    EventFilter::on_call(call);
  }
  void on_arguments(uint32_t part, api::JsonText piece) override {
    goes_on(part);
    EventFilter::on_arguments(part, piece);
  }
  void on_part_end(uint32_t part) override {
    goes_on(part);
    ended_.insert(part);
    EventFilter::on_part_end(part);
  }
  void on_finish(const api::Finish& finish) override {
    check(started_ && !finished_, "one finish, behind the start");
    finished_ = true;
    EventFilter::on_finish(finish);
  }

 private:
  void goes_on(uint32_t part) const {
    check(started_ && !finished_, "between start and finish");
    check(!ended_.contains(part), "a part ends once");
  }
  bool started_ = false, finished_ = false;
  std::set<uint32_t> ended_;
};

// Checks each line of a stream of events or lines, or a whole body.
void check_written(std::string_view out, bool lines) {
  if (!lines) return check(is_json(out), "the body is JSON");
  while (!out.empty()) {
    const size_t end = out.find('\n');
    check(end != out.npos, "whole lines");
    std::string_view line = out.substr(0, end);
    out.remove_prefix(end + 1);
    if (line.empty() || line.starts_with("event: ") || line.starts_with(": ")) continue;
    if (line.starts_with("data: ")) line.remove_prefix(6);
    check(line == "[DONE]" || is_json(line), "each frame is JSON");
  }
}

// The event name that a stream's frame would have.
std::string event_name(std::string_view data) {
  api::JsonDocument document;
  return document.parse(data) ? std::string(document.root()["type"].word()) : std::string();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Input input = fuzz::input_of(data, size);
  if (input.bytes.empty()) return 0;
  const auto target = static_cast<Dialect>(input.choice % 5);
  const auto caller = static_cast<Dialect>(input.choice / 5 % 5);
  const bool stream = input.choice / 25 % 2 == 0, json_array = input.choice >= 128;
  const api::DialectRoom& room = api::room_of(caller);
  const bool array = stream && json_array && room.places.streams_arrays;

  api::Request asked;
  asked.from = caller;
  asked.stream = stream;
  asked.usage_wanted = (input.seed & 1) != 0;
  const auto reader = api::room_of(target).translation.make_reader({target, "77"});
  const auto writer = room.translation.make_writer({endpoints[static_cast<size_t>(caller)],
                                                    stream,
                                                    array,
                                                    asked,
                                                    "abcdefghijklmnopqrstuvwx",
                                                    1,
                                                    "m",
                                                    {target, "77"}});
  Order order(*writer);
  api::PartSequencer sequencer(order);
  api::EndGuard guard(sequencer);
  Counter counter(guard);

  std::string_view rest = input.bytes;
  bool any = false;
  while (!rest.empty() && guard.error() == nullptr) {
    const size_t end = stream ? rest.find('\n') : rest.npos;
    const std::string frame(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (frame.empty()) continue;
    const size_t before = counter.told;
    const Result<void> done =
        stream ? reader->read_frame(event_name(frame), frame, counter) : reader->read_body(frame, counter);
    check(done || counter.told == before, "what is refused tells nothing");
    check(done || done.error().code == ErrorCode::bad_request, "what is refused is malformed");
    any = any || done.has_value();
  }
  if (any && guard.error() == nullptr) reader->end(counter);
  if (guard.error() == nullptr && guard.finished()) {
    writer->end();
    check_written(writer->out, stream && !array);
  }
  return 0;
}
