// A request's body on its way in: what its head says of it, its bytes as they gather (inflated, if they came
// compressed), the memory they take, what is asked in them, and how an upload goes on to its target as it arrives: a
// form once its model is known, and what passes through unread once it is large.
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

  // Looks at what the head says of the body, and whether its query names a model. `match`: what the path has been found
  // to be. `max_bytes`: of the inflated body, where it is to be kept.
  Result<void> begin(const http::RequestHead& head, const api::Match& match, uint64_t max_bytes);
  // The next bytes. True, once: by now it is known what is asked. body_too_large, bad_request, overloaded where there
  // is no memory left for them.
  Result<bool> add(std::string_view bytes);
  // Where its next bytes are wanted, of which at least `left` are to come (http::RequestHandler::body_room).
  std::span<char> room(uint64_t left);
  // Nothing more comes. True: as of add().
  Result<bool> end();
  // It is about to be sent to a target, which may take it slowly.
  Result<void> prepare_sending();
  // The rest of an upload, as fast as the target takes it; nullptr: it has none yet. Does nothing to other bodies.
  void pass_on(Attempt* attempt, http::Responder& responder);
  // Gives the memory of the bytes back.
  void forget();

  const Question& question() const { return question_; }
  bool ended() const { return ended_; }
  // An upload that has been asked before its end: what has gathered is its beginning.
  bool goes_on() const { return goes_on_; }
  // The length of what a target is sent with these edits, of an upload with what is still to come; nullopt: it goes out
  // in chunks.
  std::optional<uint64_t> bytes_with(const std::vector<api::Edit>& edits) const;
  // What has come of it, as a target is sent it with these edits: views into both.
  void append_to(std::vector<std::string_view>& pieces, const std::vector<api::Edit>& edits) const;

  // With net::read_padding_bytes readable bytes behind, once it has ended.
  std::string_view bytes() const { return bytes_.view(); }
  // What they take, or what room has been made for them.
  size_t memory_bytes() const { return bytes_.capacity(); }
  bool inflated() const { return inflated_; }
  // Its type, for the target: sluice has read it as JSON, so that is what it is. "": as the caller says.
  std::string_view type_for_target() const { return retyped_ ? "application/json" : std::string_view(); }
  bool is_form() const { return upload_ && upload_->peeker; }

 private:
  Result<void> begin_typed(std::string_view type, api::ModelIn model_in);
  Result<void> begin_coded(std::string_view coding, uint64_t max_bytes);
  Result<void> gather(std::string_view bytes);
  Result<void> inflate(std::string_view bytes);
  Result<void> read_question();
  Result<void> read_json();
  void ask_form();
  bool chunked() const { return announced_ == 0; }
  Result<void> make_room(size_t bytes);
  [[gnu::cold]] Result<void> grow(size_t needed);
  [[gnu::cold]] tl::unexpected<Error> too_large() const;
  [[gnu::cold]] tl::unexpected<Error> no_memory() const;

  struct Upload {
    std::optional<api::MultipartPeeker> peeker;  // of a form
    std::string rest;                            // of one that goes on: what the target has not taken yet
    std::string chunk_line;                      // of the first chunk
  };

  BufferHold hold_;
  Question question_;
  ByteBuffer bytes_;
  uint64_t announced_ = 0;  // its length, where the head tells it; 0: unknown
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
