#include "gateway/kept_answers.h"

#include <span>
#include <utility>
#include <vector>

namespace sluice::gateway {
namespace {

// Limit of an answer's copy while it arrives: a longer answer is not kept.
constexpr size_t max_copied_bytes = 8 * 1024 * 1024;
// Limits of a conversation: no model would accept more turns or more bytes.
constexpr size_t max_turns = 1'000;
constexpr size_t max_conversation_bytes = 32 * 1024 * 1024;

class KeepingWriter final : public api::EventWriter {
 public:
  struct Kept {
    storage::AnswerStore& store;
    const api::KeepingRoom& room;
    std::string owner, previous, input;
  };

  KeepingWriter(std::unique_ptr<api::EventWriter> writer, std::unique_ptr<api::EventWriter> copy, Kept kept)
      : writer_(std::move(writer)), copy_(std::move(copy)), kept_(std::move(kept)) {}

  Result<void> resume(const api::SentFrames& sent, const api::Delivered& delivered) override {
    if (!copy_->resume(sent, delivered)) copy_.reset();
    const Lent lent(*this);
    return writer_->resume(sent, delivered);
  }
  void on_start(const api::AnswerStart& start) override {
    tell([&](api::EventSink& sink) { sink.on_start(start); });
  }
  void on_text(uint32_t part, api::JsonText text) override {
    count(text.escaped);
    tell([&](api::EventSink& sink) { sink.on_text(part, text); });
  }
  void on_refusal(uint32_t part, api::JsonText text) override {
    count(text.escaped);
    tell([&](api::EventSink& sink) { sink.on_refusal(part, text); });
  }
  void on_thinking(uint32_t part, api::JsonText text, bool is_summary) override {
    count(text.escaped);
    tell([&](api::EventSink& sink) { sink.on_thinking(part, text, is_summary); });
  }
  void on_signature(uint32_t part, const api::Opaque& opaque, bool is_redacted) override {
    count(opaque.data.escaped);
    tell([&](api::EventSink& sink) { sink.on_signature(part, opaque, is_redacted); });
  }
  void on_call(const api::CallStart& call) override {
    count(call.name.escaped);
    tell([&](api::EventSink& sink) { sink.on_call(call); });
  }
  void on_arguments(uint32_t part, api::JsonText piece) override {
    count(piece.escaped);
    tell([&](api::EventSink& sink) { sink.on_arguments(part, piece); });
  }
  void on_media(uint32_t part, api::PartKind kind, const api::Source& source) override {
    count(source.data.escaped);
    tell([&](api::EventSink& sink) { sink.on_media(part, kind, source); });
  }
  void on_citation(uint32_t part, const api::Citation& citation) override {
    count(citation.raw);
    tell([&](api::EventSink& sink) { sink.on_citation(part, citation); });
  }
  void on_extra(const api::Extra& extra) override {
    count(extra.raw);
    tell([&](api::EventSink& sink) { sink.on_extra(extra); });
  }
  void on_part_end(uint32_t part) override {
    tell([&](api::EventSink& sink) { sink.on_part_end(part); });
  }
  void on_usage(const api::AnswerUsage& usage) override {
    tell([&](api::EventSink& sink) { sink.on_usage(usage); });
  }
  void on_finish(const api::Finish& finish) override {
    tell([&](api::EventSink& sink) { sink.on_finish(finish); });
  }
  void on_error(const api::ProviderError& error) override {
    failed_ = true;
    tell([&](api::EventSink& sink) { sink.on_error(error); });
  }
  void end() override {
    {
      const Lent lent(*this);
      writer_->end();
    }
    if (failed_ || copy_ == nullptr) return;
    copy_->end();
    api::KeepingRoom::Made made = kept_.room.made(copy_->out);
    if (made.id.empty()) return;
    kept_.store.put(kept_.owner, made.id,
                    {std::move(copy_->out), std::move(kept_.input), std::move(made.items), std::move(kept_.previous)});
  }
  void fail(const Error& error, std::string_view request_id) override {
    failed_ = true;
    const Lent lent(*this);
    writer_->fail(error, request_id);
  }
  size_t held_bytes() const override { return writer_->held_bytes() + (copy_ != nullptr ? copy_->held_bytes() : 0); }

 private:
  template <typename Event>
  void tell(Event event) {
    if (copy_ != nullptr) event(*copy_);
    const Lent lent(*this);
    event(*writer_);
  }
  void count(std::string_view text) {
    copied_bytes_ += text.size();
    if (copied_bytes_ > max_copied_bytes) copy_.reset();
  }
  // While it lives, the writer appends directly to this writer's output buffer.
  struct Lent {
    KeepingWriter& all;
    explicit Lent(KeepingWriter& keeping) : all(keeping) { all.writer_->out.swap(all.out); }
    ~Lent() {
      all.writer_->out.swap(all.out);
      all.untold.take(all.writer_->untold);
    }
  };

  const std::unique_ptr<api::EventWriter> writer_;
  std::unique_ptr<api::EventWriter> copy_;  // nullptr: the answer is too long to be kept
  size_t copied_bytes_ = 0;
  Kept kept_;
  bool failed_ = false;
};

void append_elements(std::string& list, std::string_view more) {
  if (more.empty()) return;
  if (!list.empty()) list += ',';
  list += more;
}

}  // namespace

std::optional<AnswerKeeper> keeper_for(storage::AnswerStore* store, const Admitted& admitted,
                                       const http::RequestHead& head, const api::Match& match) {
  if (store == nullptr || api::room_of(match.endpoint->dialect).keeping == nullptr) return std::nullopt;
  return std::optional<AnswerKeeper>(std::in_place, *store, owner_of(admitted, head));
}

Result<void> AnswerKeeper::look(const api::Match& match, std::string_view body, std::string_view answer_id) {
  room_ = api::room_of(match.endpoint->dialect).keeping;
  if (room_ == nullptr) return {};
  const api::KeepingRoom& room = *room_;
  api::KeepingRoom::Asked asked = room.look(body);
  keeps_ = asked.keep && match.endpoint->makes;
  goes_on_elsewhere_ = !asked.previous.empty();
  if (!asked.previous.empty() && store_.find(owner_, asked.previous) != nullptr) {
    const Result<std::string> earlier = conversation_before(asked.previous);
    if (!earlier) return tl::unexpected<Error>(earlier.error());
    Result<std::string> whole = room.go_on(body, *earlier);
    if (!whole) return tl::unexpected<Error>(whole.error());
    whole_ = std::move(*whole);
    previous_ = std::move(asked.previous);
    goes_on_elsewhere_ = false;
  }
  if (keeps_) input_ = room.input_items(asked.input, answer_id);
  return {};
}

std::optional<std::string> AnswerKeeper::with_conversation(const api::Match& match, std::string_view body) {
  if (store_.empty()) return std::nullopt;
  const api::KeepingRoom& room = *api::room_of(match.endpoint->dialect).keeping;
  const std::string previous = room.look(body).previous;
  if (previous.empty() || store_.find(owner_, previous) == nullptr) return std::nullopt;
  const Result<std::string> earlier = conversation_before(previous);
  if (!earlier) return std::nullopt;
  Result<std::string> whole = room.go_on(body, *earlier);
  return whole ? std::optional(std::move(*whole)) : std::nullopt;
}

// Input and output of each turn, from the first on.
Result<std::string> AnswerKeeper::conversation_before(std::string_view id) {
  std::vector<std::shared_ptr<const storage::KeptAnswer>> turns;
  size_t bytes = 0;
  for (std::string_view at = id; !at.empty(); at = turns.back()->previous) {
    std::shared_ptr<const storage::KeptAnswer> turn = store_.find(owner_, at);
    if (turn == nullptr) {
      return fail(ErrorCode::bad_request, "previous response with id '" + std::string(at) + "' not found");
    }
    bytes += turn->input.size() + turn->output.size();
    turns.push_back(std::move(turn));
    if (turns.size() > max_turns || bytes > max_conversation_bytes) {
      return fail(ErrorCode::bad_request, "the conversation that this continues is too long to be sent again");
    }
  }
  std::string items;
  items.reserve(bytes + 2 * turns.size());
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
    append_elements(items, (*turn)->input);
    append_elements(items, (*turn)->output);
  }
  return items;
}

std::unique_ptr<api::EventWriter> AnswerKeeper::keeping(std::unique_ptr<api::EventWriter> writer,
                                                        std::unique_ptr<api::EventWriter> copy) {
  return std::make_unique<KeepingWriter>(
      std::move(writer), std::move(copy),
      KeepingWriter::Kept{store_, *room_, owner_, std::move(previous_), std::move(input_)});
}

// Page::none: it is about no answer.
static api::KeepingRoom::Page page_of(const storage::AnswerStore* store, const api::Match& match) {
  const api::KeepingRoom* const room = api::room_of(match.endpoint->dialect).keeping;
  if (store == nullptr || room == nullptr || !match.provider.empty()) return api::KeepingRoom::Page::none;
  return room->page(match.endpoint->name);
}

bool asks_kept_page(storage::AnswerStore* store, const Admitted& admitted, const http::RequestHead& head,
                    const api::Match& match) {
  if (page_of(store, match) == api::KeepingRoom::Page::none) return false;
  const std::string_view id = api::room_of(match.endpoint->dialect).keeping->id_in(match.path);
  return store->find(owner_of(admitted, head), id) != nullptr;
}

std::optional<Result<std::string>> kept_page(storage::AnswerStore* store, const Admitted& admitted,
                                             const http::RequestHead& head, const api::Match& match) {
  const api::KeepingRoom::Page page = page_of(store, match);
  if (page == api::KeepingRoom::Page::none) return std::nullopt;
  const api::KeepingRoom* const room = api::room_of(match.endpoint->dialect).keeping;
  const std::string_view id = room->id_in(match.path);
  const std::string owner = owner_of(admitted, head);
  const std::shared_ptr<const storage::KeptAnswer> kept = store->find(owner, id);
  if (kept == nullptr) return std::nullopt;
  if (page == api::KeepingRoom::Page::remove) store->remove(owner, id);
  return room->write_page(page, id, head.query(), kept->answer, kept->input);
}

}  // namespace sluice::gateway
