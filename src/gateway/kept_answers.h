// Keeps answers for callers who refer to them by id later, when the target does not keep them. One keeper serves one
// exchange whose caller's dialect has such ids (api/keeping.h). Kept answers belong to the caller's key.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/dialect.h"
#include "gateway/admission.h"
#include "http/message.h"
#include "storage/store.h"

namespace sluice::gateway {

class AnswerKeeper {
 public:
  // `store` must outlive the exchange.
  AnswerKeeper(storage::AnswerStore& store, std::string owner) : store_(store), owner_(std::move(owner)) {}

  // Reads a request of `match`'s dialect. `body` is only used during the call and must be followed by
  // net::read_padding_bytes readable bytes. bad_request: the answer it continues is kept, but an earlier one no longer
  // is. `answer_id`: of the answer to come.
  Result<void> look(const api::Match& match, std::string_view body, std::string_view answer_id);
  // The request with the conversation it continues put in front; nullptr: it continues nothing that is kept here.
  const std::string* whole_request() const { return whole_ ? &*whole_ : nullptr; }
  bool keeps() const { return keeps_; }
  // It continues an answer that is not kept here, so the new answer would be kept without what came before.
  bool goes_on_elsewhere() const { return goes_on_elsewhere_; }
  // The request `body` with the conversation that it continues put in front, for a target that does not know it.
  // nullopt: it continues nothing, or not all of that is kept here. `body`: see look().
  std::optional<std::string> with_conversation(const api::Match& match, std::string_view body);
  // Returns a writer that writes what `writer` does, and keeps what `copy` makes of the same answer once it is whole.
  // `copy`: writes a plain answer that includes all opaque data.
  std::unique_ptr<api::EventWriter> keeping(std::unique_ptr<api::EventWriter> writer,
                                            std::unique_ptr<api::EventWriter> copy);

 private:
  Result<std::string> conversation_before(std::string_view id);

  storage::AnswerStore& store_;
  const std::string owner_;
  const api::KeepingRoom* room_ = nullptr;
  bool keeps_ = false, goes_on_elsewhere_ = false;
  std::string previous_;
  std::string input_;  // the request's own items, until the answer is kept with them
  std::optional<std::string> whole_;
};

// nullopt: the dialect of `match` has no answers to refer to, or none are kept.
std::optional<AnswerKeeper> keeper_for(storage::AnswerStore* store, const Admitted& admitted,
                                       const http::RequestHead& head, const api::Match& match);

// Whether a request is about an answer that is kept here.
bool asks_kept_page(storage::AnswerStore* store, const Admitted& admitted, const http::RequestHead& head,
                    const api::Match& match);
// The response body for such a request; DELETE removes the answer. nullopt: it is not kept here.
std::optional<Result<std::string>> kept_page(storage::AnswerStore* store, const Admitted& admitted,
                                             const http::RequestHead& head, const api::Match& match);

}  // namespace sluice::gateway
