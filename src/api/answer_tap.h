// Reads along while an answer is relayed: token usage, whether it is whole, the name of the model that answered.
// Changes nothing, but for single frames: a usage chunk that the caller did not ask for is kept back, and, where only
// whole frames are to pass, what is none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/error_body.h"
#include "api/media_type.h"
#include "api/usage.h"
#include "base/dialect.h"

namespace sluice::api {

// What an answer's bytes so far say of its end.
enum class Standing : unsigned char {
  unread,    // nothing: audio, text, a page
  nothing,   // there are none yet, of a type that says more
  foreign,   // frames that are not its dialect's, or text that is no JSON
  within,    // they end within a frame, a line or a JSON value
  between,   // a stream, between two frames
  finished,  // a word of the dialect's for the end has come for all choices, or the JSON is whole
  failed     // a stream that has told of an error
};

// What its request asked for.
struct Asked {
  bool stream = false;
  uint32_t choices = 1;  // the request's `n`
};

class AnswerTap {
 public:
  // `dialect`, `type`: of the answer; other types than JSON, lines and events are opaque. `hide_usage_chunk`: usage was
  // spliced in and its chunk is to be kept back.
  AnswerTap(Dialect dialect, MediaType type, bool hide_usage_chunk, const Asked& asked = {});
  ~AnswerTap();
  AnswerTap(AnswerTap&&) noexcept;
  AnswerTap& operator=(AnswerTap&&) noexcept;

  // Before the first bytes: of events and lines only whole frames pass, and of those, once one of the dialect's has
  // come, only such as may be JSON. What comes of a frame beyond 64 KiB passes as it comes.
  void pass_whole_frames();
  // Each of them is read, and so known to be JSON, at half as much again of what a stream costs.
  void read_all_frames();
  // Reads `bytes` (after any content coding) and appends to `pieces` what the caller gets: views into `bytes` or into
  // the tap, valid until the next call. Without hide_usage_chunk and pass_whole_frames() that is exactly `bytes`.
  void feed(std::string_view bytes, std::vector<std::string_view>& pieces);
  // The answer ended: appends what was held back. Call once.
  void finish(std::vector<std::string_view>& pieces);

  // Pieces of the last call may be views into the tap.
  bool lent() const;

  StreamFormat format() const;
  // Some of what was asked for has come: of a stream's text, thinking or calls, not of its opening (output_watch.h).
  bool output_begun() const;
  // The dialect's own sign of an end has come (finish reason, [DONE], message_stop, response.completed, `done: true`, a
  // whole JSON value). Opaque answers are never known to be whole.
  bool whole() const;
  // The answer holds an error: an error frame of a stream, or an `error` at the top of a body. What comes behind it is
  // no success.
  bool saw_error() const;
  Standing standing() const;
  // What a stream that has finished lacks of its dialect's ending, with the blank line: its readers wait for it, or
  // take the stream for cut. "" where it lacks nothing.
  std::string_view missing_end() const;
  // What the caller has of a stream stands at a frame's or line's end, where a heartbeat or an error event may be put.
  // Never in bodies.
  bool between_frames() const;
  ArrayPlace array_place() const;  // with StreamFormat::json_array
  uint64_t next_sequence() const;  // where frames are numbered: the sequence_number that the next event has to have
  // By the frames that are whole so far.
  const Usage& usage() const;
  const std::string& model() const;  // as the answer names it; "" where it did not

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::api
