// What an answer says, whatever its dialect: the target's dialect reads (EventReader), sinks take it, the last of them
// the caller's dialect (EventWriter). Streams and whole bodies give the same events.
//
// The order of one answer: on_start, then anything, then on_finish or on_error once. Usage may come anywhere, also
// behind on_finish. A part (a text, a thinking, a call) has a number of its own, given by the reader, never used twice
// in an answer; several may be open at once, and each ends by on_part_end once, at the latest before on_finish. Views
// live until the call returns.
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

// Of the text of a part.
struct Citation {
  JsonText url{}, title{}, quote{};        // what is told of them
  std::optional<uint64_t> begin{}, end{};  // of the part's text, in characters
  std::string_view raw{};                  // as it came, of `from`
  Dialect from{};
};

// What has no event of its own.
struct Extra {
  enum class Kind : unsigned char {
    logprobs,     // OpenAI's array of tokens, JSON
    hosted_item,  // a tool that the provider ran itself: its call or its result, whole
    shown_item,   // the same, whose picture has been told by on_media: for its own dialect
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
  JsonText word{};             // as the target says it
  JsonText stop_sequence{};    // which of them ended it, where that is told
  std::string_view details{};  // JSON: what else is told of the end (stop_details, incomplete_details, safety ratings)
  Dialect from{};
  bool unusable = false;  // the target says that what was to come behind its words, such as a call, could not be used
};

// The answer's counts: set, never added. What a later one does not tell, or tells as 0, takes nothing back.
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
  int status = 0;                 // HTTP's; 0: not told
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
  // Of a thinking part, before its end. `is_redacted`: it is all that the part is.
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
  // or one element of a JSON array. bad_request: it is malformed, has told the sink nothing, and is to be dropped and
  // counted.
  virtual Result<void> read_frame(std::string_view event, std::string_view data, EventSink& sink) = 0;
  // A plain answer's whole body. bad_request: it is not such an answer.
  virtual Result<void> read_body(std::string_view body, EventSink& sink) = 0;
  // The stream has ended. What is still open (parts, a finish that waited for more) is told now. Whether it is whole is
  // for others to say; they do not call this where it was cut.
  virtual void end(EventSink& sink) = 0;
  // What of the stream has to be kept for what may still come of it, about: it grows as its target likes.
  virtual size_t held_bytes() const { return 0; }
  // What frames are taken apart in, which stays as large as the largest made it.
  virtual size_t scratch_bytes() const { return 0; }
};

// What a writer has to know of the frames that a target of its dialect sent, to go on behind them: ids, numbers, what
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
  std::string id;             // of its own for each answer: 24 letters and digits. Writers put their prefix before it
  int64_t created_s = 0;      // Unix time
  std::string model;          // what to call the model where the target does not say
  Origin origin{};            // of what is opaque; wrap() it unless it is of the writer's own dialect
  bool stored = false;        // the answer can be asked for again by its id
  bool keeps_opaque = false;  // all that is opaque is told, whether it was asked for or not
};

// Writes one answer for a caller: a sink that appends to `out`.
class EventWriter : public EventSink {
 public:
  // The next bytes of a stream, or of a body, which come all at once at the end. Whoever takes them clears it.
  std::string out;

  // Goes on with a stream that a target of this dialect began and whose frames went to the caller as they were: its
  // ids, its numbers, what is open in it. `delivered`: what they say. Before it is told anything else. target_cut: they
  // end where nobody else can go on.
  virtual Result<void> resume(const SentFrames& sent, const Delivered& delivered);
  // The answer is whole, behind on_finish: writes what is still due, and the sign of success. Once.
  virtual void end() = 0;
  // It cannot be made whole: a stream's error event, in the dialect's words; nothing more may follow. `words`: the JSON
  // body of that error, by write_error of the same dialect.
  virtual void fail(const Error& error, std::string_view request_id) = 0;
  // What of the answer is kept to be written later, about; without `out`.
  virtual size_t held_bytes() const { return 0; }
  // What of the answer the caller's dialect has no place for: "answer.signature", "finish_reason".
  Dropped untold;

 protected:
  // `what`: "signature".
  void leave_out(std::string_view what);
  void leave_out(PartKind kind);
  void leave_out(const Extra& extra);
  // What of the end has no place in most dialects, of a target of another dialect than `own`: a pause, which sequence
  // ended it, what else was told of it.
  void leave_out(const Finish& finish, Dialect own);
};

// For EventWriter::resume.
tl::unexpected<Error> cannot_resume(std::string_view why);

}  // namespace sluice::api
