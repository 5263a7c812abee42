#include "api/splice.h"

#include <utility>

#include "api/json_unescape.h"

namespace sluice::api {
namespace {

constexpr uint32_t no_part = UINT32_MAX;
constexpr std::string_view differs_from_sent = "differs from what had been sent already";
constexpr std::string_view other_before = "says something else before what had been sent already";

// Whether repeating this text can be told from continuing it: it is so long that no continuation begins with the same
// words, and does not repeat its own beginning.
bool is_recognisable(std::string_view escaped) {
  constexpr size_t repeat_bytes = 24;
  std::string text;
  append_json_unescaped(text, escaped);
  return text.size() >= repeat_bytes && text.find(text.substr(0, repeat_bytes), 1) == std::string::npos;
}

}  // namespace

Splice::Splice(const Delivered& delivered, SpliceMode mode, EventSink& next)
    : EventFilter(next),
      mode_(mode),
      text_(mode == SpliceMode::restarts ? delivered.text : delivered.text.substr(0, trimmed_bytes(delivered.text))),
      space_(delivered.text.substr(text_.size())),
      at_(text_),
      open_text_(delivered.open_text),
      thinking_(delivered.thinking),
      next_part_(delivered.next_part),
      before_(delivered.usage) {
  if (delivered.text.empty()) {
    state_ = State::through;
  } else if (mode_ == SpliceMode::continues && !is_recognisable(text_)) {
    state_ = State::spacing;
    at_ = TextUnits(space_);
  }
}

void Splice::fail(std::string_view what) {
  state_ = State::failed;
  failure_ = std::make_unique<Error>(
      Error{ErrorCode::target_cut, "the answer broke off, and the one that another target gave in its place " +
                                       std::string(what) + ": the two cannot be joined"});
}

// --- text ---

void Splice::on_text(uint32_t part, JsonText text) {
  if (text.empty()) return;
  has_text_ = true;
  text_part_ = part;
  text_ended_ = false;
  cut_piece_ = state_ != State::through;
  switch (state_) {
    case State::matching:
      return match(part, text.escaped);
    case State::spacing:
      return skip_space(part, text.escaped);
    case State::through:
      return pass_text(part, text.escaped);
    case State::failed:
      return;
  }
}

void Splice::match(uint32_t part, std::string_view text) {
  TextUnits units(text);
  while (!units.done() && !at_.done()) {
    const TextUnits unit_before = units, known_before = at_;
    if (units.next() == at_.next()) continue;
    at_ = known_before;
    return differs(part, unit_before.rest());
  }
  if (at_.done()) matched(part, units.rest());
}

void Splice::matched(uint32_t part, const std::string& rest) {
  state_ = State::spacing;
  at_ = TextUnits(space_);
  own_text(part);
  skip_space(part, rest);
}

// `rest`: the piece from the first difference on.
void Splice::differs(uint32_t part, const std::string& rest) {
  if (mode_ == SpliceMode::restarts) return fail(differs_from_sent);
  const std::string all = at_.before() + rest;  // it was a continuation that only began alike
  state_ = State::spacing;
  at_ = TextUnits(space_);
  skip_space(part, all);
}

void Splice::skip_space(uint32_t part, std::string_view text) {
  TextUnits units(text);
  while (!units.done() && !at_.done()) {
    const TextUnits unit_before = units;
    const uint16_t known = at_.next();
    if (units.next() == known) continue;
    if (is_high_half(known)) return fail(differs_from_sent);
    units = unit_before;
    at_ = TextUnits({});
  }
  if (at_.done()) {
    state_ = State::through;
    pass_text(part, units.rest());
  }
}

void Splice::pass_text(uint32_t part, std::string_view text) {
  if (text.empty()) return;
  own_text(part);
  next_.on_text(own(part), JsonText{text});
}

// The text continues the delivered text part if that is open; else a new part begins.
void Splice::own_text(uint32_t part) {
  close_thinking();
  if (is_told(part) || !open_text_) return;
  parts_.emplace(part, *std::exchange(open_text_, std::nullopt));
}

// --- parts ---

void Splice::close_thinking() {
  for (const Delivered::OpenThinking& one : std::exchange(thinking_, {})) next_.on_part_end(one.part);
}

// Ends the delivered parts that are open: anything but their text follows.
void Splice::close_delivered() {
  close_thinking();
  if (open_text_) next_.on_part_end(*std::exchange(open_text_, std::nullopt));
}

uint32_t Splice::own(uint32_t part) {
  const auto known = parts_.find(part);
  if (known != parts_.end()) return known->second;
  close_delivered();
  return parts_.emplace(part, next_part_++).first->second;
}

// Something other than text follows, or the end. False: it would precede what was delivered; then fails with `what`.
bool Splice::reach(std::string_view what) {
  if (state_ == State::failed) return false;
  if (state_ == State::matching) {
    if (mode_ == SpliceMode::restarts) {
      fail(what);
      return false;
    }
    differs(text_part_, {});
    if (text_ended_ && state_ != State::failed) end_part(text_part_);
  }
  if (state_ != State::failed) state_ = State::through;
  return state_ == State::through;
}

void Splice::end_part(uint32_t part) {
  const auto told = parts_.find(part);
  if (told == parts_.end()) return;
  next_.on_part_end(told->second);
  parts_.erase(told);
}

void Splice::on_part_end(uint32_t part) {
  if (part == text_part_) text_ended_ = true;
  if (state_ != State::failed) end_part(part);
}

// --- what is no text ---

// Thinking cannot be sent after the text that it led to.
bool Splice::swallows_thinking() const {
  if (text_.empty() && space_.empty()) return false;
  return mode_ == SpliceMode::restarts ? state_ != State::through : !has_text_;
}

void Splice::on_thinking(uint32_t part, JsonText text, bool is_summary) {
  if (swallows_thinking() || !reach(other_before)) return;
  next_.on_thinking(own(part), text, is_summary);
}

void Splice::on_signature(uint32_t part, const Opaque& opaque, bool is_redacted) {
  if (swallows_thinking() || !reach(other_before)) return;
  next_.on_signature(own(part), opaque, is_redacted);
}

void Splice::on_refusal(uint32_t part, JsonText text) {
  if (!text.empty() && reach(other_before)) next_.on_refusal(own(part), text);
}

void Splice::on_call(const CallStart& call) {
  if (!reach(other_before)) return;
  CallStart told = call;
  told.part = own(call.part);
  next_.on_call(told);
}

void Splice::on_arguments(uint32_t part, JsonText piece) {
  if (state_ == State::through && is_told(part)) next_.on_arguments(own(part), piece);
}

void Splice::on_media(uint32_t part, PartKind kind, const Source& source) {
  if (reach(other_before)) next_.on_media(own(part), kind, source);
}

// Its positions count from the beginning of the second answer's text, which may differ from the caller's.
void Splice::on_citation(uint32_t part, const Citation& citation) {
  if (state_ != State::through || !is_told(part)) return;
  Citation told = citation;
  if (mode_ == SpliceMode::continues && (told.begin || told.end)) {
    told.begin = told.end = std::nullopt;
    told.raw = {};
  }
  next_.on_citation(own(part), told);
}

void Splice::on_extra(const Extra& extra) {
  const bool is_part = extra.kind == Extra::Kind::hosted_item;
  if (is_part ? !reach(other_before) : state_ != State::through) return;
  if (extra.kind == Extra::Kind::logprobs && cut_piece_) return;
  Extra told = extra;
  told.part = is_part || is_told(extra.part) ? own(extra.part) : no_part;
  next_.on_extra(told);
}

void Splice::on_usage(const AnswerUsage& usage) {
  usage_.set(usage);
  AnswerUsage sum = before_;
  sum.add(usage_);
  next_.on_usage(sum);
}

void Splice::on_finish(const Finish& finish) {
  if (!reach("ends before what had been sent already")) return;
  close_delivered();
  next_.on_finish(finish);
}

void Splice::on_error(const ProviderError& error) {
  if (state_ != State::failed) next_.on_error(error);
}

}  // namespace sluice::api
