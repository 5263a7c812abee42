// An answer as events, whatever its dialect: the target's dialect reads it (EventReader), sinks take the events, and
// the last sink writes the caller's dialect (EventWriter). Streams and whole bodies give the same events.
//
// The order in one answer: on_start, then anything, then on_finish or on_error once. Usage may come anywhere, even
// after on_finish. The reader gives each part (a text, a thinking, a call) a number that is unique in the answer.
// Several parts may be open at the same time; each ends with one on_part_end, before on_finish. Views live until the
// call returns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/dropped.h"
#include "api/json_value.h"
#include "api/provenance.h"
#include "api/request.h"
#include "api/usage.h"
#include "base/dialect.h"
#include "base/result.h"

namespace sluice::api {

struct Delivered;
class SentFrames;

struct AnswerStart {
  JsonText id{}, model{};  // as the target names them; "" where it does not
};

struct CallStart {
  uint32_t part = 0;
  JsonText id{};  // "": the target gave none; writers make one where theirs need it
  JsonText name{};
  CallKind kind = CallKind::function;
  Opaque opaque{};  // Gemini's thought signature on the call
};

// Belongs to the text of a part.
struct Citation {
  JsonText url{}, title{}, quote{};        // where reported
  std::optional<uint64_t> begin{}, end{};  // of the part's text, in characters
  std::string_view raw{};                  // as received, in the dialect `from`
  Dialect from{};
};

// What has no event of its own.
struct Extra {
  enum class Kind : unsigned char {
    logprobs,     // OpenAI's array of tokens, JSON
    hosted_item,  // a tool that the provider ran itself: its call or its result, whole
    shown_item,   // the same, its picture already reported by on_media: for its own dialect
    other         // of the answer, or of the part
  };
  Kind kind = Kind::other;
  uint32_t part = 0;
  Dialect from{};
  std::string_view type{};  // "web_search_call", "executableCode"
  std::string_view raw{};   // JSON
};

enum class FinishReason : unsigned char { stop, length, tool_calls, refusal, pause };

struct Finish {
  FinishReason reason = FinishReason::stop;
  JsonText word{};           // the target's own
  JsonText stop_sequence{};  // the one that ended it, where reported
  std::string_view
      details{};  // JSON: what else is reported of the end (stop_details, incomplete_details, safety ratings)
  Dialect from{};
  bool unusable = false;  // the target says that what should have followed its text, such as a call, could not be used
};

// The answer's counts: set, never added. A count that a later report lacks, or gives as 0, keeps its value.
struct AnswerUsage {
  Usage counts{};
  std::optional<uint64_t> cache_write_1h{};  // part of counts.cache_write
  std::optional<uint64_t> tool_input{};      // of tools' results: part of the input
  std::optional<uint64_t> audio_input{}, audio_output{};
  bool estimated = false;  // by us

  void set(const AnswerUsage& newer);
  void add(const AnswerUsage& other);  // of another attempt at the same answer
  uint64_t input() const {             // all of it
    return counts.input_uncached.value_or(0) + counts.cache_read.value_or(0) + counts.cache_write.value_or(0);
  }
};

// In the target's words.
struct ProviderError {
  int status = 0;                 // HTTP's; 0: not reported
  std::string code{}, message{};  // unescaped, neither masked nor bounded
  std::optional<uint64_t> retry_after_s{};
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_start(const AnswerStart& start) = 0;
  virtual void on_text(uint32_t part, JsonText text) = 0;
  virtual void on_refusal(uint32_t part, JsonText text) = 0;
  virtual void on_thinking(uint32_t part, JsonText text, bool is_summary) = 0;
  // Of a thinking part, before its end. `is_redacted`: the part has nothing else.
  virtual void on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) = 0;
  virtual void on_call(const CallStart& call) = 0;
  // The next piece of its arguments: JSON text in a JSON string, cut anywhere (never within an escape).
  virtual void on_arguments(uint32_t part, JsonText piece) = 0;
  virtual void on_media(uint32_t part, PartKind kind, const Source& source) = 0;  // whole
  virtual void on_citation(uint32_t part, const Citation& citation) = 0;
  virtual void on_extra(const Extra& extra) = 0;
  virtual void on_part_end(uint32_t part) = 0;
  virtual void on_usage(const AnswerUsage& usage) = 0;
  virtual void on_finish(const Finish& finish) = 0;
  virtual void on_error(const ProviderError& error) = 0;
};

// Reads one answer of a target.
class EventReader {
 public:
  virtual ~EventReader() = default;
  // The data of one frame of a stream (`event`: the name of a server-sent event, "" for none), or one line of NDJSON,
  // or one element of a JSON array. bad_request: it is malformed and has caused no event; it is to be dropped and
  // counted.
  virtual Result<void> read_frame(std::string_view event, std::string_view data, EventSink& sink) = 0;
  // A plain answer's whole body. bad_request: it is not such an answer.
  virtual Result<void> read_body(std::string_view body, EventSink& sink) = 0;
  // The stream has ended: reports what is still open (parts, a finish that waited for more). Not called where the
  // stream was cut; the reader itself does not check that.
  virtual void end(EventSink& sink) = 0;
  // Approximate bytes of the stream that are kept for what may follow. The target decides how far they grow.
  virtual size_t held_bytes() const { return 0; }
  // Bytes of the buffers that frames are parsed in, which stay as large as the largest frame made them.
  virtual size_t scratch_bytes() const { return 0; }
};

// What a writer has to know of the frames that a target of its dialect sent, to continue after them: ids, numbers, what
// is open. It takes them one by one.
class SentState {
 public:
  virtual ~SentState() = default;
  virtual void take(JsonValue frame) = 0;
  virtual size_t held_bytes() const { return 0; }
};

// What an answer is to look like.
struct AnswerShape {
  std::string_view endpoint;  // Endpoint::name, of the caller's path: "chat/completions", "generate"
  bool stream = false;
  bool json_array = false;    // Gemini's streams without alt=sse
  const Request& request;     // what was asked; lives only while the writer is made
  std::string id;             // unique for each answer: 24 letters and digits. Writers put their prefix before it
  int64_t created_s = 0;      // Unix time
  std::string model;          // the model's name where the target gives none
  Origin origin{};            // of opaque data; wrap() it unless it is of the writer's own dialect
  bool stored = false;        // the answer can be asked for again by its id
  bool keeps_opaque = false;  // opaque data is written whether it was asked for or not
};

// Writes one answer for a caller: a sink that appends to `out`.
class EventWriter : public EventSink {
 public:
  // The next bytes of a stream, or, at the end, a whole body. Whoever takes them clears it.
  std::string out;

  // Continues a stream that a target of this dialect began and whose frames went to the caller unchanged: its ids, its
  // numbers, what is open in it. `delivered`: what those frames say. Call it before any event. target_cut: the frames
  // end where no other target can continue.
  virtual Result<void> resume(const SentFrames& sent, const Delivered& delivered);
  // The answer is whole: writes what is still due and the end marker. Call once, after on_finish.
  virtual void end() = 0;
  // The answer cannot be completed: writes the error in the dialect's words, in a stream as its error event. Nothing
  // more may follow.
  virtual void fail(const Error& error, std::string_view request_id) = 0;
  // Approximate bytes of the answer that are kept to be written later, without `out`.
  virtual size_t held_bytes() const { return 0; }
  // The parts of the answer that the caller's dialect has no place for: "answer.signature", "finish_reason".
  Dropped untold;

 protected:
  // `what`: "signature".
  void leave_out(std::string_view what);
  void leave_out(PartKind kind);
  void leave_out(const Extra& extra);
  // What most dialects have no place for in the end of an answer, if it is not of the dialect `own`: a pause, the stop
  // sequence that ended it, further details.
  void leave_out(const Finish& finish, Dialect own);
};

// For EventWriter::resume.
tl::unexpected<Error> cannot_resume(std::string_view why);

}  // namespace sluice::api
