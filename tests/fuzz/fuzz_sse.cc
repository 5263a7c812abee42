// Server-sent events and lines must be read the same however the input is cut.
#include <string>

#include "api/frame_gatherer.h"
#include "fuzz/fuzz.h"

namespace {

using namespace sluice;
using fuzz::check;

// Each piece is copied into memory of its exact size and destroyed before the next is fed: views must not outlive it.
class Piece {
 public:
  explicit Piece(std::string_view bytes) : bytes_(bytes.begin(), bytes.end()) {}
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<char> bytes_;
};

std::string frames_of(api::StreamFormat format, const std::vector<std::string_view>& pieces, size_t limit) {
  struct Frames final : api::FrameTaker {
    explicit Frames(size_t limit_bytes) : limit(limit_bytes) {}
    const size_t limit;
    std::string all;
    void on_frame(std::string_view event, std::string_view data) override {
      check(data.size() <= limit, "a frame's limit");
      ((((all += '[') += event) += '|') += data) += ']';
    }
  } frames(limit);
  api::FrameGatherer gatherer(format, frames, limit);
  for (const std::string_view bytes : pieces) {
    const Piece piece(bytes);
    if (!gatherer.feed(piece.view())) return frames.all + "!";
  }
  gatherer.finish();
  return frames.all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Input input = fuzz::input_of(data, size);
  const size_t limit = (input.choice & 1) != 0 ? 16 : api::FrameGatherer::max_frame_bytes;
  const std::vector<std::string_view> pieces = fuzz::cut(input.bytes, input.seed);
  for (const api::StreamFormat format : {api::StreamFormat::sse, api::StreamFormat::ndjson}) {
    check(frames_of(format, {input.bytes}, limit) == frames_of(format, pieces, limit), "frames do not depend on cuts");
  }
  return 0;
}
