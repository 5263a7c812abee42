// How an answer ends, all in one place: whether it is whole, and what the caller is shown where it is not.
//
// The target ends it by its framing (the length is reached, the last chunk came), by close where it has no other
// framing, or it breaks off (the connection is cut, the coding or the chunks are broken, time is up). A plain answer is
// believed by its framing, as RFC 9112 8 has it; a stream, and JSON that ends by close, only by what they say
// themselves: a finish reason for every choice, a sentinel, a JSON value that is closed (docs/answer-endings.md).
#pragma once

#include "api/answer_tap.h"

namespace sluice::gateway {

enum class Ending : unsigned char { by_framing, by_close, broken_off };
// What is read: a stream (AnswerTap::format), another body, or one of a status of 300 or above.
enum class Shape : unsigned char { stream, body, error_body };

// What the caller's side allows.
struct CallerFraming {
  bool length_told = false;  // nothing can be put in place of what is missing
  bool compressed = false;   // plain text has no place there
};

bool is_whole(api::Standing standing, Shape shape, Ending ending, CallerFraming caller);
// Of one that is not whole: an error event may follow.
bool takes_event(api::Standing standing, Shape shape, CallerFraming caller);

}  // namespace sluice::gateway
