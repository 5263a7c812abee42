// A request's body on this side: what its head says of it, its bytes as they gather (inflated, if they came
// compressed), the memory they take, and the model that it names.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "api/endpoint.h"
#include "api/multipart_peek.h"
#include "base/result.h"
#include "gateway/buffer_budget.h"
#include "http/inflater.h"
#include "http/message.h"

namespace sluice::gateway {

class RequestBody {
 public:
  // `share` must outlive the body; nullptr: its memory is not counted.
  explicit RequestBody(BufferShare* share) : hold_(share) {}

  // Looks at the head, which must outlive the body. `most_bytes`: of the inflated body.
  Result<void> begin(const http::RequestHead& head, const api::Endpoint& endpoint, uint64_t most_bytes);
  // The next bytes: body_too_large, bad_request, overloaded where there is no memory left for it.
  Result<void> add(std::string_view bytes);
  // The same of an upload that goes on as it arrives: they are looked at, not kept.
  Result<void> look_at(std::string_view bytes);
  // Nothing more comes.
  Result<void> end();
  // It is about to be sent to a target, which may take it slowly. `goes_on`: more of it arrives meanwhile.
  Result<void> prepare_sending(bool goes_on);
  // Gives its memory back.
  void forget();

  // With net::read_padding_bytes readable bytes behind, once it has ended.
  const std::string& bytes() const { return bytes_; }
  bool is_json() const { return is_json_; }
  bool inflated() const { return inflated_; }
  // Its type, for the target: sluice has read it as JSON, so that is what it is. "": as the caller says.
  std::string_view type_for_target() const { return retyped_ ? "application/json" : std::string_view(); }
  // nullptr: no multipart body.
  const api::MultipartPeeker* multipart() const { return multipart_.get(); }
  // An upload whose model is known may go on before it is whole.
  bool may_go_on() const { return multipart_ && may_go_on_ && multipart_->found(); }

 private:
  Result<void> begin_typed(std::string_view type, api::ModelIn model_in);
  Result<void> begin_coded(std::string_view coding, uint64_t most_bytes);
  Result<void> inflate(std::string_view bytes);
  Result<void> make_room(size_t bytes);
  [[gnu::cold]] Result<void> grow(size_t needed);
  [[gnu::cold]] tl::unexpected<Error> no_memory() const;

  BufferHold hold_;
  std::string bytes_;
  uint64_t announced_ = 0;  // its length, where the head tells it; 0: unknown
  uint64_t room_ = 0;       // of bytes_
  std::unique_ptr<http::Inflater> inflater_;
  std::unique_ptr<api::MultipartPeeker> multipart_;
  bool is_json_ = false;
  bool inflated_ = false;
  bool retyped_ = false;
  bool may_go_on_ = false;
};

}  // namespace sluice::gateway
