// Reads a request's body: checks what the head says of it, gathers (and inflates) the bytes, counts their memory and
// finds out what is asked. An upload is streamed to its target: a form once its model is known, a body that passes
// unread once it is large.
//
//   gathering --whole, or an upload's model found--> asked --(an upload) its last bytes--> ended
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/multipart_peek.h"
#include "base/byte_buffer.h"
#include "base/result.h"
#include "gateway/attempt.h"
#include "gateway/buffer_budget.h"
#include "gateway/question.h"
#include "http/inflater.h"
#include "http/message.h"
#include "http/service.h"

namespace sluice::gateway {

class Intake {
 public:
  // `share` must outlive the intake; nullptr: its memory is not counted.
  explicit Intake(BufferShare* share) : hold_(share) {}

  // Checks what the head says of the body and that the query names no model. `match`: the matched path. `max_bytes`:
  // limit of the inflated body, if it is kept.
  Result<void> begin(const http::RequestHead& head, const api::Match& match, uint64_t max_bytes);
  // Takes the next bytes. True, once: the question is now known. Errors: body_too_large, bad_request, overloaded (no
  // memory left for bodies).
  Result<bool> add(std::string_view bytes);
  // Where to store the next bytes, of which at least `left` are to come (http::RequestHandler::body_room).
  std::span<char> room(uint64_t left);
  // The body is complete. True: as for add().
  Result<bool> end();
  // Counts the memory for sending it to a target that may read slowly. overloaded: there is none left.
  Result<void> prepare_sending();
  // Sends the rest of an upload as fast as the target takes it. `attempt`: nullptr: none yet. No-op for other bodies.
  void pass_on(Attempt* attempt, http::Responder& responder);
  // Frees the memory of the bytes.
  void forget();

  const Question& question() const { return question_; }
  bool ended() const { return ended_; }
  // An upload that is sent before its end has arrived: bytes() is its beginning.
  bool goes_on() const { return goes_on_; }
  // The length of the body sent to a target with these edits, including what is still to come; nullopt: it is sent
  // chunked.
  std::optional<uint64_t> bytes_with(const std::vector<api::Edit>& edits) const;
  // Appends what has arrived, with these edits applied: views into the intake and `edits`.
  void append_to(std::vector<std::string_view>& pieces, const std::vector<api::Edit>& edits) const;

  // Followed by net::read_padding_bytes readable bytes once the body has ended.
  std::string_view bytes() const { return bytes_.view(); }
  // The memory reserved for the bytes.
  size_t memory_bytes() const { return bytes_.capacity(); }
  bool inflated() const { return inflated_; }
  // The content-type for the target: JSON, if sluice read it as JSON although the caller declared another type. "": the
  // caller's.
  std::string_view type_for_target() const { return retyped_ ? "application/json" : std::string_view(); }
  bool is_form() const { return upload_ && upload_->peeker; }

 private:
  Result<void> begin_typed(std::string_view type, api::ModelIn model_in);
  Result<void> begin_coded(std::string_view coding, uint64_t max_bytes);
  Result<void> gather(std::string_view bytes);
  Result<void> inflate(std::string_view bytes);
  Result<void> read_question();
  Result<void> read_json();
  Result<void> ask_form();
  Result<void> name_by_url();
  bool chunked() const { return announced_ == 0; }
  Result<void> make_room(size_t bytes);
  [[gnu::cold]] Result<void> grow(size_t needed);
  [[gnu::cold]] tl::unexpected<Error> too_large() const;
  [[gnu::cold]] tl::unexpected<Error> no_memory() const;

  struct Upload {
    std::optional<api::MultipartPeeker> peeker;  // of a form
    std::string rest;                            // of a streamed body: what the target has not taken yet
    std::string chunk_line;                      // of the first chunk
  };

  BufferHold hold_;
  Question question_;
  ByteBuffer bytes_;
  uint64_t announced_ = 0;  // its length by content-length; 0: unknown
  std::unique_ptr<http::Inflater> inflater_;
  std::unique_ptr<Upload> upload_;  // null: neither a form nor passed on unread
  uint64_t max_bytes_ = 0;
  bool is_json_ = false;
  bool inflated_ = false;
  bool retyped_ = false;
  bool may_go_on_ = false;
  bool goes_on_ = false;
  bool ended_ = false;
};

}  // namespace sluice::gateway
