#include "gateway/relay.h"

#include <algorithm>

#include "api/target_error.h"
#include "base/text.h"
#include "base/time_text.h"
#include "http/writer.h"
#include "net/clock.h"
#include "net/loop.h"
#include "net/stream.h"

namespace sluice::gateway {

bool Relay::begin(const http::ResponseHead& head, const RelayedRequest& request, const OwnFields& own,
                  std::string& lines, uint64_t now_ns) {
  ids_ = request.ids;
  begun_ns_ = now_ns;
  const Result<void> begun = begin_answer(head, request, own, lines);
  if (!begun) failure_ = std::make_unique<Error>(begun.error());
  return begun.has_value();
}

void Relay::keep_error(std::string_view bytes) {
  if (!error_text_) {
    error_text_ = std::make_unique<std::string>();
    bytes.remove_prefix(api::error_begins(bytes));
  }
  error_text_->append(bytes.substr(0, api::max_error_text - std::min(api::max_error_text, error_text_->size())));
}

void Relay::write_date(std::string& lines) const {
  http::write_field(lines, "date", http_date(responder_.loop().clock().unix_s()));
}

bool Relay::after_turn() {
  if (error_text_ && !error_told_ && streaming()) [[unlikely]] {
    error_told_ = true;
    if (events_.on_error_told()) return true;
    release();
  }
  if (relayed_ns_ == 0 || ended_) {
    const uint64_t now_ns = responder_.loop().now_ns();
    if (relayed_ns_ == 0) relayed_ns_ = now_ns;
    if (ended_) {
      events_.on_relayed(now_ns);
      return true;
    }
  }
  return responder_.pending_bytes() <= net::WriteMarks::high_bytes;
}

int status_within(int told, std::string_view code, std::string_view message) {
  if (told >= 400 && told < 600) return told;
  const auto says = [code](std::string_view word) { return code.find(word) != code.npos; };
  if (says("rate_limit") || says("RESOURCE_EXHAUSTED") || is_unpaid(0, code, message)) return 429;
  if (says("overloaded") || says("UNAVAILABLE")) return 503;
  if (says("invalid") || says("INVALID_ARGUMENT") || says("context_length")) return 400;
  if (says("authentication") || says("UNAUTHENTICATED")) return 401;
  if (says("permission") || says("PERMISSION_DENIED")) return 403;
  if (says("not_found") || says("NOT_FOUND")) return 404;
  return 502;
}

api::MediaType type_due(const RelayedRequest& request, api::StreamFormat format) {
  if (!request.stream_asked || format == api::StreamFormat::json_array) return api::MediaType::json;
  return format == api::StreamFormat::ndjson ? api::MediaType::lines : api::MediaType::events;
}

tl::unexpected<Error> nothing_answered(int status) {
  return fail(ErrorCode::target_broke,
              "the target answered with status " + std::to_string(status) + ", which carries no answer");
}

tl::unexpected<Error> cut_short() {
  return fail(ErrorCode::target_cut, "the target's answer ended before it was complete");
}

tl::unexpected<Error> stream_unasked() {
  return fail(ErrorCode::target_broke, "the target answered with a stream, which was not asked for");
}

tl::unexpected<Error> no_answer(Dialect dialect) {
  return fail(ErrorCode::target_broke,
              "the target's answer is not one of the " + std::string(name_of(dialect)) + " dialect");
}

tl::unexpected<Error> page_in_place(std::string_view type) {
  return fail(ErrorCode::target_broke, "the target answered with a page (" + std::string(cut_to(type, 64)) +
                                           ") in place of an API's answer; is its base_url right?");
}

tl::unexpected<Error> coding_unasked(std::string_view name) {
  return fail(ErrorCode::target_broke, "the target answered in the content-encoding '" + std::string(name) +
                                           "', which was not asked for and which the caller does not accept");
}

}  // namespace sluice::gateway
