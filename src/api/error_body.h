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
// body also states it; 0: not known.
std::string error_body(Dialect dialect, const Error& error, std::string_view request_id, uint64_t retry_after_s = 0);

// Whether a provider's 429 says that the account is out of money, so that waiting does not help: by the codes and types
// that OpenAI, Moonshot, DashScope and similar providers document.
bool is_out_of_money(std::string_view body);

// How a stream is framed on the wire.
enum class StreamFormat : unsigned char { none, sse, ndjson, json_array };
// The place in a stream at which an error is to end it.
struct EventPlace {
  bool between_frames = false;  // AnswerTap::between_frames
  uint64_t sequence = 0;        // the event's, where the dialect numbers them
  ArrayPlace array = ArrayPlace::after_element;
};
// The frame that ends a stream with an error once it is under way: for sse "data: {...}\n\n", in some dialects with
// "event: error\n" before it; for ndjson a line; for json_array a last element and the bracket. "" for none, and within
// an array's element or after its end. It begins with a line break, as the last frame may be cut, but not between
// frames: readers of NDJSON reject an empty line.
std::string error_event(Dialect dialect, StreamFormat format, const Error& error, std::string_view request_id,
                        const EventPlace& place = {});

}  // namespace sluice::api
