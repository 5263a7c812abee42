// Content-Type and Content-Disposition taken apart (RFC 9110 8.3.1, RFC 2183, RFC 7578), and what the type of a
// request's or an answer's body means for how it is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::api {

struct FieldParameter {
  std::string_view name;
  std::string value;    // without quotes
  bool quoted = false;  // it stood in quotes
};

struct ParameterizedField {
  std::string_view value;  // before the first ';', without the white space around it
  std::vector<FieldParameter> parameters;
  bool broken = false;  // a quote that does not end, or a parameter that is none; what stood before it is there
};

// Takes `field` apart: "value; name=token; name=\"text\"". `undo_escapes`: \" and \\ in quotes stand for the second
// character; else a backslash is an ordinary one and the first quote ends the text, as some readers have it. Views into
// `field`.
ParameterizedField take_apart(std::string_view field, bool undo_escapes);

// What a request's Content-Type says of its body.
enum class BodyType : unsigned char { json, form_data, other };
// bad_request where the body could be read in another way: a charset that is no superset of ASCII, or two of them.
Result<BodyType> body_type_of(std::string_view content_type);

// What an answer's Content-Type says of its body. No endpoint answers with a page for people; who does is not the API
// that a base_url should name.
enum class MediaType : unsigned char { other, json, lines, events, page };
MediaType media_type_of(std::string_view content_type);
// Whether it comes in pieces that each say something: NDJSON, server-sent events.
constexpr bool is_stream(MediaType type) { return type == MediaType::lines || type == MediaType::events; }

}  // namespace sluice::api
