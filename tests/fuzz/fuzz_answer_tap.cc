// The tap must report the same however a body is cut (of a stream's whole frames it reads only those with telling
// words, of cut ones all), and the same whether it hides usage or not. It must change nothing but a hidden usage chunk,
// and never revoke that an answer is whole. An error event inserted where the tap allows it must leave an array valid
// JSON.
#include <string>

#include "api/answer_tap.h"
#include "fuzz/fuzz.h"

namespace {

using namespace sluice;
using fuzz::check;

struct Read {
  api::AnswerTap tap;
  std::string out;
  bool was_whole = false;
  std::vector<std::string_view> pieces;

  Read(Dialect dialect, std::string_view type, bool hide, const api::Asked& asked)
      : tap(dialect, api::media_type_of(type), hide, asked) {}

  void feed(std::string_view bytes) {
    const std::vector<char> exact(bytes.begin(), bytes.end());  // so that a sanitizer catches reads past the end
    tap.feed({exact.data(), exact.size()}, pieces);
    take();
    const bool plain_json = tap.format() == api::StreamFormat::none || tap.format() == api::StreamFormat::json_array;
    check(plain_json || !was_whole || tap.whole(), "what has finished stays so");
    was_whole = tap.whole();
  }
  void finish() {
    tap.finish(pieces);
    take();
  }
  void take() {
    for (const std::string_view piece : pieces) {
      check(!piece.empty(), "no empty piece");
      out += piece;
    }
    pieces.clear();
  }
};

void same(const Read& a, const Read& b) {
  check(a.tap.whole() == b.tap.whole(), "whole however it is cut");
  check(a.tap.standing() == b.tap.standing(), "standing however it is cut");
  check(a.tap.saw_error() == b.tap.saw_error(), "an error however it is cut");
  check(a.tap.usage() == b.tap.usage(), "usage however it is cut");
  check(a.tap.model() == b.tap.model(), "model however it is cut");
  check(a.tap.next_sequence() == b.tap.next_sequence(), "sequence however it is cut");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Input input = fuzz::input_of(data, size);
  if (input.bytes.empty()) return 0;
  constexpr std::string_view types[] = {"text/event-stream", "application/x-ndjson", "application/json", "audio/mpeg"};
  const auto dialect = static_cast<Dialect>(input.choice % 5);
  const std::string_view type = types[input.choice / 5 % 4];
  const api::Asked asked{(input.choice / 20 & 1) != 0, 1u + input.choice / 40};
  Read whole(dialect, type, false, asked), cut(dialect, type, false, asked), hiding(dialect, type, true, asked);
  whole.feed(input.bytes);
  for (const std::string_view piece : fuzz::cut(input.bytes, input.seed)) {
    cut.feed(piece);
    hiding.feed(piece);
  }
  whole.finish();
  cut.finish();
  hiding.finish();
  const bool stream = type == types[0] || type == types[1] || (dialect == Dialect::ollama && asked.stream);
  if (!stream) same(whole, cut);
  same(cut, hiding);
  check(whole.out == input.bytes && cut.out == input.bytes, "nothing is changed");
  check(hiding.out.size() <= input.bytes.size(), "nothing is added");
  const api::EventPlace place{whole.tap.between_frames(), whole.tap.next_sequence(), whole.tap.array_place()};
  const Error error{ErrorCode::target_cut, "cut"};
  const std::string event = api::error_event(dialect, whole.tap.format(), error, "r", place);
  if (whole.tap.format() == api::StreamFormat::json_array && !event.empty()) {
    Read closed(dialect, type, false, asked);
    closed.feed(std::string(input.bytes) + event);
    check(closed.tap.whole(), "an array that an error ends is closed");
  }
  return 0;
}
