#include "api/error_body.h"

#include <algorithm>
#include <array>

#include "api/dialect.h"
#include "base/money_words.h"

namespace sluice::api {

std::string error_body(Dialect dialect, const Error& error, std::string_view request_id, uint64_t retry_after_s) {
  std::string out;
  out.reserve(160 + error.message.size());
  room_of(dialect).write_error(error, {request_id, retry_after_s}, out);
  return out;
}

bool is_out_of_money(std::string_view body) {
  constexpr std::array<std::string_view, 8> words = {
      "\"insufficient_quota\"",         "\"exceeded_current_quota_error\"",
      "\"billing_hard_limit_reached\"", "\"billing_not_active\"",
      "\"insufficient_credits\"",       "\"insufficient_balance\"",
      "\"access_terminated_error\"",    "\"Arrearage\""};
  return std::any_of(words.begin(), words.end(),
                     [body](std::string_view word) { return body.find(word) != body.npos; }) ||
         tells_of_money(body);
}

std::string error_event(Dialect dialect, StreamFormat format, const Error& error, std::string_view request_id,
                        const EventPlace& place) {
  std::string out;
  out.reserve(200 + error.message.size());
  const DialectRoom& room = room_of(dialect);
  const ErrorFacts facts{request_id, 0, place.sequence};
  switch (format) {
    case StreamFormat::none:
      break;
    case StreamFormat::sse:
      if (!place.between_frames) out += "\n\n";
      if (room.names_events) out += "event: error\n";
      out += "data: ";
      (room.write_error_event != nullptr ? room.write_error_event : room.write_error)(error, facts, out);
      out += "\n\n";
      break;
    case StreamFormat::ndjson:
      if (!place.between_frames) out += '\n';
      room.write_error(error, facts, out);
      out += '\n';
      break;
    case StreamFormat::json_array:
      if (place.array == ArrayPlace::within_element || place.array == ArrayPlace::closed) break;
      if (place.array == ArrayPlace::nothing_yet) out += '[';
      if (place.array == ArrayPlace::after_element) out += ",\n";
      room.write_error(error, facts, out);
      out += ']';
      break;
  }
  return out;
}

}  // namespace sluice::api
