#include "api/event.h"

namespace sluice::api {
namespace {

// A count that is missing or 0 does not replace a known one.
void set_count(std::optional<uint64_t>& known, const std::optional<uint64_t>& newer) {
  if (newer && (!known || *newer != 0)) known = newer;
}

void add_count(std::optional<uint64_t>& sum, const std::optional<uint64_t>& more) {
  if (more) sum = sum.value_or(0) + *more;
}

}  // namespace

void AnswerUsage::set(const AnswerUsage& newer) {
  set_count(counts.input_uncached, newer.counts.input_uncached);
  set_count(counts.cache_read, newer.counts.cache_read);
  set_count(counts.cache_write, newer.counts.cache_write);
  set_count(counts.output, newer.counts.output);
  set_count(counts.reasoning, newer.counts.reasoning);
  set_count(cache_write_1h, newer.cache_write_1h);
  set_count(tool_input, newer.tool_input);
  set_count(audio_input, newer.audio_input);
  set_count(audio_output, newer.audio_output);
  estimated = newer.estimated;
}

void AnswerUsage::add(const AnswerUsage& other) {
  add_count(counts.input_uncached, other.counts.input_uncached);
  add_count(counts.cache_read, other.counts.cache_read);
  add_count(counts.cache_write, other.counts.cache_write);
  add_count(counts.output, other.counts.output);
  add_count(counts.reasoning, other.counts.reasoning);
  add_count(cache_write_1h, other.cache_write_1h);
  add_count(tool_input, other.tool_input);
  add_count(audio_input, other.audio_input);
  add_count(audio_output, other.audio_output);
  estimated = estimated || other.estimated;
}

void EventWriter::leave_out(std::string_view what) {
  untold.add(std::string("answer.").append(what), DropReason::unsupported);
}

void EventWriter::leave_out(PartKind kind) {
  constexpr std::string_view names[] = {"text", "refusal",     "image",    "document",          "audio",      "video",
                                        "call", "tool_result", "thinking", "redacted_thinking", "compaction", "other"};
  leave_out(names[static_cast<size_t>(kind)]);
}

void EventWriter::leave_out(const Extra& extra) {
  if (extra.kind == Extra::Kind::shown_item) return;
  const bool is_logprobs = extra.kind == Extra::Kind::logprobs;
  leave_out(is_logprobs ? "logprobs" : extra.type.empty() ? "other" : extra.type);
}

void EventWriter::leave_out(const Finish& finish, Dialect own) {
  if (finish.from == own) return;
  if (finish.reason == FinishReason::pause || finish.unusable) untold.add("finish_reason", DropReason::changed);
  if (!finish.stop_sequence.empty()) leave_out("stop_sequence");
  if (!finish.details.empty()) leave_out("finish_details");
}

// A whole body cannot be continued.
Result<void> EventWriter::resume(const SentFrames&, const Delivered&) { return cannot_resume("it is not a stream"); }

tl::unexpected<Error> cannot_resume(std::string_view why) {
  return fail(ErrorCode::target_cut, "the answer broke off where no other target can continue: " + std::string(why));
}

}  // namespace sluice::api
