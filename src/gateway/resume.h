// How a caller resumes a stream: event ids ("sluice-1f..-17") and the header fields that refer to them.
//
//   last-event-id: sluice-1f0c9a6b3d2e4578-17      after that event; browsers' EventSource sends it automatically
//   sluice-resume: REQUEST-ID; after=17            after the 17th frame of the answer to that request
//   sluice-resume: REQUEST-ID                      from its beginning, or after `last-event-id`
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/dialect.h"
#include "base/result.h"
#include "gateway/stream_store.h"
#include "http/message.h"

namespace sluice::gateway {

// The part of an event's id before its number.
std::string event_id_begin(uint64_t tag);
// What a request asks to resume; nullopt: nothing. Views into `fields`. bad_request: the field cannot be understood.
Result<std::optional<ResumeAsked>> resume_asked(const http::Fields& fields);

// The value of the first field `name` in a head's lines, ignoring case; "": there is none. A view into `lines`.
std::string_view field_in(std::string_view lines, std::string_view name);
// The kind of stream that a head begins.
api::StreamFormat format_of(int status, std::string_view lines, const api::DialectRoom& room);
// The lines of an answer's head that are still true when it is resumed.
std::string lines_to_keep(std::string_view lines);

}  // namespace sluice::gateway
