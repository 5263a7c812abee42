// The words by which a caller goes on with a stream: event ids ("sluice-1f..-17"), and the head fields that come back
// with them.
//
//   last-event-id: sluice-1f0c9a6b3d2e4578-17      behind that event; browsers' readers of events send it by themselves
//   sluice-resume: REQUEST-ID; after=17            behind the 17th frame of the answer to that request
//   sluice-resume: REQUEST-ID                      from its beginning, or behind `last-event-id`
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

// What stands before an event's number in its id.
std::string event_id_begin(uint64_t tag);
// What a request asks to go on with; nullopt: it does not ask. Views into `fields`. bad_request: it asks in words that
// say nothing.
Result<std::optional<ResumeAsked>> resume_asked(const http::Fields& fields);

// Of a head's lines: the first field of that name, "" without one; a view into them. `name` in lower case, any case in
// the lines.
std::string_view field_in(std::string_view lines, std::string_view name);
// What kind of stream a head begins.
api::StreamFormat format_of(int status, std::string_view lines, const api::DialectRoom& room);
// Those of an answer's lines that are as true later.
std::string lines_to_keep(std::string_view lines);

}  // namespace sluice::gateway
