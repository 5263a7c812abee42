// Errors as each dialect's SDKs expect them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/error_words.h"
#include "api/json_scan.h"
#include "base/dialect.h"

namespace sluice::api {

// The JSON body of an error answer. The message is escaped; it must hold no secret. `retry_after_s`: for dialects whose
// body tells it, too; 0: it is not known.
std::string error_body(Dialect dialect, const Error& error, std::string_view request_id, uint64_t retry_after_s = 0);

// Whether a provider's 429 says that what is spent is money, which no waiting brings back: by the codes and types that
// OpenAI, Moonshot, DashScope and their like document.
bool is_out_of_money(std::string_view body);

// How a stream of a dialect looks on the wire.
enum class StreamFormat : unsigned char { none, sse, ndjson, json_array };
// Where a stream stands that an error is to end.
struct EventPlace {
  bool between_frames = false;  // AnswerTap::between_frames
  uint64_t sequence = 0;        // the event's, where the dialect numbers them
  ArrayPlace array = ArrayPlace::after_element;
};
// The frame that ends a stream with an error, for a stream that is already under way, with the blank line: sse
// "data: {...}\n\n", in some dialects with "event: error\n" before it, ndjson a line, json_array a last element and the
// bracket. "" for none, and within an array's element or behind its end. Begins with a line break, as the last frame
// may be cut in two, unless the stream stands between frames: readers of NDJSON choke on an empty line.
std::string error_event(Dialect dialect, StreamFormat format, const Error& error, std::string_view request_id,
                        const EventPlace& place = {});

}  // namespace sluice::api
