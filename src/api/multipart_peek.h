// Finds the `model` field of a multipart/form-data body (RFC 7578) while it arrives, and makes sure that the target's
// parser finds the same one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::api {

// Feed it the whole body, in pieces cut anywhere. What has arrived may be sent on once found() is true, but the rest
// has to be fed here first: a second `model`, another spelling of it, and anything that form parsers are known to read
// differently is rejected (bad_request).
class MultipartPeeker {
 public:
  // `content_type` of the request; bad_request without one boundary.
  static Result<MultipartPeeker> create(std::string_view content_type);
  // The next bytes. bad_request where they are not multipart, or may be read in two ways.
  Result<void> feed(std::string_view bytes);
  bool found() const { return found_; }                    // the model's value is whole: model_at, model
  bool done() const { return stage_ == Stage::epilogue; }  // the closing boundary has arrived
  uint64_t model_at() const { return model_at_; }          // in the body
  uint64_t first_at() const { return first_at_; }          // the first boundary's place in the body
  const std::string& opening() const { return opening_; }  // "--boundary"
  const std::string& model() const { return model_; }

 private:
  // What the first held byte belongs to.
  enum class Stage : unsigned char { preamble, after_boundary, part_head, data, model, epilogue };
  // Each returns how many bytes of `text` are done with; the rest stays for the next call.
  Result<size_t> step(std::string_view text);
  Result<size_t> find_boundary(std::string_view text);
  Result<size_t> read_boundary_end(std::string_view text);
  Result<size_t> read_part_head(std::string_view text);
  Result<void> take_model(std::string_view value);

  std::string opening_;  // "--boundary"
  std::string held_;     // has arrived and is not parsed yet
  Stage stage_ = Stage::preamble;
  uint64_t before_ = 0;  // bytes of the body before what is held
  size_t context_ = 0;   // bytes at the start of the held text that are parsed already
  size_t scanned_ = 0;   // the search continues here: nothing sought begins before it
  uint64_t model_at_ = 0;
  uint64_t first_at_ = 0;
  std::string model_;
  bool found_ = false;
};

}  // namespace sluice::api
