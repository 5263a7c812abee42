// Finds the `model` field of a multipart/form-data body (RFC 7578) while it arrives, and sees to it that whoever reads
// the body next finds the same one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::api {

// Feed it the whole body, in pieces cut anywhere. What came may be sent on once found(), but the rest has to pass here
// first: a second `model`, another spelling of it, and whatever readers of forms are known to understand differently is
// refused (bad_request).
class MultipartPeeker {
 public:
  // `content_type` of the request; bad_request without one boundary.
  static Result<MultipartPeeker> create(std::string_view content_type);
  // The next bytes. bad_request where they are not multipart, or may be read in two ways.
  Result<void> feed(std::string_view bytes);
  bool found() const { return found_; }                    // the model's value is whole: model_at, model
  bool done() const { return stage_ == Stage::epilogue; }  // the closing boundary came
  uint64_t model_at() const { return model_at_; }          // in the body
  const std::string& model() const { return model_; }

 private:
  // What the bytes at the start of what is held belong to.
  enum class Stage : unsigned char { preamble, after_boundary, part_head, data, model, epilogue };
  // Each tells how many bytes of `text` are done with; fewer than all: the rest waits for more.
  Result<size_t> step(std::string_view text);
  Result<size_t> find_boundary(std::string_view text);
  Result<size_t> read_boundary_end(std::string_view text);
  Result<size_t> read_part_head(std::string_view text);
  Result<void> take_model(std::string_view value);

  std::string opening_;  // "--boundary"
  std::string held_;     // what has come and is not understood yet
  Stage stage_ = Stage::preamble;
  uint64_t before_ = 0;  // bytes of the body before what is held
  size_t context_ = 0;   // of these, so many at the held text's start belong to what is understood
  size_t scanned_ = 0;   // what is looked for does not begin before it
  uint64_t model_at_ = 0;
  std::string model_;
  bool found_ = false;
};

}  // namespace sluice::api
