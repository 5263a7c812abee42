// The rules for an answer's end, all in one place: whether it is whole and, if not, what the caller gets to see.
//
// The target ends it by its framing (the length is reached, the last chunk has arrived), by close if it has no other
// framing, or it breaks off (the connection is cut, the coding or the chunks are broken, a timeout). For a plain answer
// the framing is trusted (RFC 9112 8). A stream, and JSON that ends by close, must say themselves that they are
// whole: a finish reason for every choice, a sentinel, a closed JSON value (docs/answer-endings.md).
#pragma once

#include "api/answer_tap.h"

namespace sluice::gateway {

enum class Ending : unsigned char { by_framing, by_close, broken_off };
// The kind of answer: a stream (AnswerTap::format), another body, or one of a status of 300 or above.
enum class Shape : unsigned char { stream, body, error_body };

// What has been promised to the caller and so limits what can still be sent.
struct CallerFraming {
  bool length_told = false;  // a content-length was sent: missing bytes cannot be replaced by others
  bool compressed = false;   // plain text cannot be inserted
};

bool is_whole(api::Standing standing, Shape shape, Ending ending, CallerFraming caller);
// For an answer that is not whole: whether an error event may follow.
bool takes_event(api::Standing standing, Shape shape, CallerFraming caller);

}  // namespace sluice::gateway
