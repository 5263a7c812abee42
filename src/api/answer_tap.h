// Reads an answer while it is relayed: token usage, whether it is whole, the name of the model that answered. It
// changes nothing, except that it drops single frames: a usage chunk that the caller did not ask for and, where only
// whole frames may pass, what is not one.
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

// How far an answer has got, by its bytes so far.
enum class Standing : unsigned char {
  unread,    // not known, as it is not read: audio, text, a page
  nothing,   // no bytes yet, of a type that is read
  foreign,   // frames of another dialect, or text that is not JSON
  within,    // it ends within a frame, a line or a JSON value
  between,   // a stream, between two frames
  finished,  // the dialect's sign of the end has arrived for all choices, or the JSON is whole
  failed     // a stream that has reported an error
};

// What its request asked for.
struct Asked {
  bool stream = false;
  uint32_t choices = 1;  // the request's `n`
  bool others = false;   // another target could answer: a body is read as far as is_answer() and a word of failure need
};

class AnswerTap {
 public:
  // `dialect`, `type`: of the answer; types other than JSON, lines and events are opaque. `hide_usage_chunk`: the
  // request for usage was spliced in, so its chunk is kept from the caller.
  AnswerTap(Dialect dialect, MediaType type, bool hide_usage_chunk, const Asked& asked = {});
  ~AnswerTap();
  AnswerTap(AnswerTap&&) noexcept;
  AnswerTap& operator=(AnswerTap&&) noexcept;

  // Call before the first bytes. Only whole events and lines pass then and, once a frame of the dialect has arrived,
  // only those that may be JSON. A frame that grows beyond 64 KiB passes as it arrives.
  void pass_whole_frames();
  // Reads every frame in full, so that each is known to be JSON. A stream then costs half as much again.
  void read_all_frames();
  // Reads `bytes` (after any content coding) and appends to `pieces` what the caller gets: views into `bytes` or into
  // the tap, valid until the next call. Without hide_usage_chunk and pass_whole_frames() that is exactly `bytes`.
  void feed(std::string_view bytes, std::vector<std::string_view>& pieces);
  // The answer ended: appends what was held back. Call once.
  void finish(std::vector<std::string_view>& pieces);

  // Whether pieces of the last call may be views into the tap.
  bool lent() const;

  StreamFormat format() const;
  // Output has begun to arrive: text, thinking or calls of a stream, not just its opening (output_watch.h).
  bool output_begun() const;
  // The dialect's sign of the end has arrived (finish reason, [DONE], message_stop, response.completed, `done: true`, a
  // whole JSON value). Opaque answers are never known to be whole.
  bool whole() const;
  // The same, and no error came before that end.
  bool ended_well() const;
  // It has what an answer of this dialect has: the member of a body, a frame of a stream.
  bool is_answer() const;
  // The answer holds an error: an error frame of a stream, or an `error` at the top of a body. It has failed, whatever
  // follows.
  bool saw_error() const;
  Standing standing() const;
  // The end marker that a finished stream lacks, with its blank line: without it, SDKs wait or take the stream for cut.
  // "" if nothing is missing.
  std::string_view missing_end() const;
  // What the caller has of a stream ends with a whole frame or line, so a heartbeat or an error event may follow.
  // Always false for bodies.
  bool between_frames() const;
  ArrayPlace array_place() const;  // with StreamFormat::json_array
  uint64_t next_sequence() const;  // where frames are numbered: the sequence_number that the next event has to have
  // From the frames that are whole so far; from a body, as far as it has arrived.
  const Usage& usage() const;
  const std::string& model() const;  // as the answer names it; "" if it does not

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::api
