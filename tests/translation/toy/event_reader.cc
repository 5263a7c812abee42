#include "translation/toy/translate.h"

namespace sluice::test::toy {

using namespace api;

namespace {

class Reader final : public EventReader {
 public:
  Result<void> read_frame(std::string_view, std::string_view data, EventSink& sink) override {
    return read(data, sink);
  }
  Result<void> read_body(std::string_view body, EventSink& sink) override { return read(body, sink); }
  void end(EventSink&) override {}

 private:
  Result<void> read(std::string_view text, EventSink& sink) {
    JsonDocument document;
    if (Result<void> done = document.parse(text); !done) return done;
    const JsonValue root = document.root();
    if (root["wrong"].exists()) {
      ProviderError error;
      error.message = root["wrong"].text().escaped;
      sink.on_error(error);
      return {};
    }
    if (!std::exchange(started_, true)) sink.on_start({{}, root["model"].text()});
    if (root["words"].exists()) sink.on_text(0, root["words"].text());
    if (!root["over"].exists()) return {};
    sink.on_part_end(0);
    AnswerUsage usage;
    usage.counts.input_uncached = root["cost"]["in"].count();
    usage.counts.output = root["cost"]["out"].count();
    sink.on_usage(usage);
    Finish finish;
    finish.reason = root["over"].word() == "full" ? FinishReason::length : FinishReason::stop;
    finish.word = root["over"].text();
    finish.from = own;
    sink.on_finish(finish);
    return {};
  }

  bool started_ = false;
};

}  // namespace

std::unique_ptr<EventReader> make_reader(const Origin&) { return std::make_unique<Reader>(); }

}  // namespace sluice::test::toy
