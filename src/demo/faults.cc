#include "demo/faults.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::demo {
namespace {

using Break = Orders::Break;

const Error broke_down{ErrorCode::overloaded, "the demo model broke down, as its name asks"};

api::StreamFormat format_of(std::string_view content_type) {
  if (content_type == "text/event-stream") return api::StreamFormat::sse;
  return content_type == "application/x-ndjson" ? api::StreamFormat::ndjson : api::StreamFormat::json_array;
}

// How a frame ends.
std::string_view end_of_frame(api::StreamFormat format) { return format == api::StreamFormat::sse ? "\n\n" : "\n"; }

// How the frame begins that only marks the end of the stream; "": the dialect has none.
std::string_view sentinel_of(Dialect dialect) {
  if (dialect == Dialect::openai) return "data: [DONE]";
  return dialect == Dialect::anthropic ? "event: message_stop" : "";
}

}  // namespace

FramePlayer::FramePlayer(std::unique_ptr<Script> script, const Orders& orders, Dialect dialect,
                         std::string_view content_type)
    : script_(std::move(script)), orders_(orders), dialect_(dialect), format_(format_of(content_type)) {}

bool FramePlayer::breaks_between_words() const {
  return orders_.how == Break::cut || orders_.how == Break::end || orders_.how == Break::stall ||
         orders_.how == Break::error;
}

Then FramePlayer::next(std::string& out) {
  if (orders_.how == Break::never) return Then::silence;
  if (!std::exchange(begun_, true)) script_->open(out);
  if (breaks_between_words() && (said_all_ || words_ >= orders_.after_words)) return break_off(out);
  const size_t begin = out.size();
  said_all_ = !script_->next(out);
  ++words_;
  if (orders_.bad_frame && words_ == 1) append_bad_frame(out);
  if (orders_.how == Break::in_call) return break_call(out, begin);
  if (orders_.how == Break::in_thinking) return Then::cut;
  const bool half = orders_.how == Break::half || orders_.how == Break::half_end;
  if (half && (said_all_ || words_ > orders_.after_words)) return break_frame(out, begin);
  if (!said_all_ || breaks_between_words()) return Then::more;
  close(out);
  return orders_.how == Break::hold ? Then::silence : Then::finished;
}

Then FramePlayer::break_off(std::string& out) {
  if (orders_.how == Break::cut) return Then::cut;
  if (orders_.how == Break::stall) return Then::silence;
  if (orders_.how == Break::error) script_->fail(out, broke_down);
  return Then::finished;
}

// If a call is one frame, sends half of it.
Then FramePlayer::break_call(std::string& out, size_t begin) {
  if (!script_->in_calls() || out.size() == begin) return said_all_ ? Then::cut : Then::more;
  if (script_->within_call()) return Then::cut;
  return break_frame(out, begin);
}

Then FramePlayer::break_frame(std::string& out, size_t begin) {
  const size_t end = std::min(out.find(end_of_frame(format_), begin), out.size());
  out.resize(begin + (end - begin) / 2);
  return orders_.how == Break::half_end ? Then::finished : Then::cut;
}

// It is framed correctly and its brackets match, but it is not valid JSON.
void FramePlayer::append_bad_frame(std::string& out) {
  constexpr std::string_view nonsense = R"({"demo" "a malformed frame"})";
  if (format_ == api::StreamFormat::json_array) out += ",\r\n";
  if (format_ == api::StreamFormat::sse) out += "data: ";
  out += nonsense;
  if (format_ != api::StreamFormat::json_array) out += end_of_frame(format_);
}

void FramePlayer::close(std::string& out) {
  const size_t begin = out.size();
  script_->close(out);
  const std::string_view sentinel = sentinel_of(dialect_);
  if (!orders_.no_sentinel || sentinel.empty()) return;
  const size_t at = out.rfind(sentinel);
  if (at != out.npos && at >= begin) out.resize(at);
}

PlainAnswer spoil(std::string body, const Orders& orders, Dialect dialect) {
  PlainAnswer answer{std::move(body)};
  answer.length = answer.body.size();
  switch (orders.how) {
    case Break::none:
      return answer;
    case Break::error:
      answer.body = api::error_body(dialect, broke_down, {});
      answer.length = answer.body.size();
      return answer;
    case Break::hold:
      answer.length.reset();
      answer.then = Then::silence;
      return answer;
    case Break::never:
      answer.body.clear();
      answer.then = Then::silence;
      return answer;
    case Break::end:
    case Break::half_end:
      answer.length.reset();
      break;
    case Break::stall:
      answer.then = Then::silence;
      break;
    case Break::cut:
    case Break::half:
    case Break::in_call:
    case Break::in_thinking:
      answer.then = Then::cut;
      break;
  }
  answer.body.resize(answer.body.size() / 2);
  return answer;
}

namespace {

struct StatusWords {
  int status;
  ErrorCode code;
  std::string_view message;
};
constexpr std::array statuses = std::to_array<StatusWords>({
    {401, ErrorCode::unauthorized, "the demo does not take this key"},
    {402, ErrorCode::rate_limited, "the demo requires payment"},
    {403, ErrorCode::forbidden, "the demo does not let this key use this model"},
    {404, ErrorCode::unknown_model, "the demo does not have this model"},
    {408, ErrorCode::request_timeout, "the demo waited too long for the request"},
    {413, ErrorCode::body_too_large, "the request is larger than the demo takes"},
    {429, ErrorCode::rate_limited, "too many requests for the demo"},
    {503, ErrorCode::overloaded, "the demo is overloaded"},
    {504, ErrorCode::target_timeout, "the demo's own target did not answer in time"},
    {529, ErrorCode::overloaded, "the demo is overloaded"},
});

// In the words that the dialects' own providers use when the money has run out.
Refusal out_of_money(Dialect dialect) {
  constexpr int payment_required = 402, forbidden = 403, too_many_requests = 429;
  switch (dialect) {
    case Dialect::openai:
    case Dialect::responses:
      break;
    case Dialect::anthropic:
      return {
          payment_required,
          R"({"type":"error","error":{"type":"billing_error","message":"The credit balance of the demo is spent."}})"};
    case Dialect::gemini:
      return {
          forbidden,
          R"({"error":{"code":403,"message":"The demo requires billing to be enabled.","status":"PERMISSION_DENIED",)"
          R"("details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"BILLING_DISABLED"}]}})"};
    case Dialect::ollama:
      return {payment_required, R"({"error":"payment_required: the credit of the demo is spent"})"};
  }
  return {too_many_requests,
          R"({"error":{"message":"You exceeded your current quota of the demo, please check your plan and billing )"
          R"(details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})"};
}

}  // namespace

Refusal refusal_of(const Orders& orders, Dialect dialect) {
  if (orders.spend_limit) return out_of_money(dialect);
  const auto* const at = std::find_if(statuses.begin(), statuses.end(),
                                      [&](const StatusWords& words) { return words.status == orders.status; });
  Error error{orders.status < 500 ? ErrorCode::bad_request : ErrorCode::internal,
              "the demo was told to answer with " + std::to_string(orders.status)};
  if (at != statuses.end()) error = {at->code, std::string(at->message)};
  return {orders.status, api::error_body(dialect, error, {}, orders.retry_after_s)};
}

Refusal prefix_refusal(Dialect dialect) {
  constexpr int bad_request = 400;
  return {bad_request,
          api::error_body(dialect, {ErrorCode::bad_request, "the demo does not continue an assistant's message"}, {})};
}

}  // namespace sluice::demo
