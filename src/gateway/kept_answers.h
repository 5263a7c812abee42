// Answers that are kept here for callers who come back to them by their id, where the target keeps none. One of an
// exchange whose caller's dialect has such ids (api/keeping.h); they belong to the caller's key.
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

  // Reads a request of `match`'s dialect. `body` outlives the call only, and has net::read_padding_bytes readable bytes
  // behind it. bad_request: the answer that it goes on with is kept, but what came before that is not any more.
  // `answer_id`: of the answer to come.
  Result<void> look(const api::Match& match, std::string_view body, std::string_view answer_id);
  // The request with the conversation that it goes on with in front of it; nullptr: it goes on with nothing that is
  // kept here.
  const std::string* whole_request() const { return whole_ ? &*whole_ : nullptr; }
  bool keeps() const { return keeps_; }
  // It goes on with an answer that its provider keeps: an answer to it would be kept here without what came before.
  bool goes_on_elsewhere() const { return goes_on_elsewhere_; }
  // A writer that writes what `writer` does, and keeps what `copy` writes of the same answer once it is whole. `copy`:
  // of a plain answer, with all that is opaque in it.
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

// nullopt: the dialect of `match` has no answers that are asked for again, or nobody keeps them.
std::optional<AnswerKeeper> keeper_for(storage::AnswerStore* store, const Admitted& admitted,
                                       const http::RequestHead& head, const api::Match& match);

// What is asked of an answer that is kept here: the body of the answer to that. nullopt: it is not kept here.
std::optional<Result<std::string>> kept_page(storage::AnswerStore* store, const Admitted& admitted,
                                             const http::RequestHead& head, const api::Match& match);

}  // namespace sluice::gateway
