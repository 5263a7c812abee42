// Parses Content-Type and Content-Disposition (RFC 9110 8.3.1, RFC 2183, RFC 7578), and says how a request's or an
// answer's body of a type is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::api {

struct FieldParameter {
  std::string_view name;
  std::string value;    // without quotes
  bool quoted = false;  // it was in quotes
};

struct ParameterizedField {
  std::string_view value;  // before the first ';', without the white space around it
  std::vector<FieldParameter> parameters;
  bool broken = false;  // an unclosed quote or a malformed parameter; what precedes it has been parsed
};

// Parses `field`: "value; name=token; name=\"text\"". `undo_escapes`: \" and \\ in quotes stand for the second
// character; otherwise a backslash is an ordinary character and the first quote ends the text, as some parsers read it.
// Views point into `field`.
ParameterizedField take_apart(std::string_view field, bool undo_escapes);

// What a request's Content-Type says about its body.
enum class BodyType : unsigned char { json, form_data, other };
// bad_request where the body could be read in another way: a charset that is no superset of ASCII, or two charsets.
Result<BodyType> body_type_of(std::string_view content_type);

// What an answer's Content-Type says about its body. No endpoint answers with a web page: a target that does is not the
// API that base_url should name.
enum class MediaType : unsigned char { other, json, lines, events, page };
MediaType media_type_of(std::string_view content_type);
// Whether it arrives in frames: NDJSON, server-sent events.
constexpr bool is_stream(MediaType type) { return type == MediaType::lines || type == MediaType::events; }

}  // namespace sluice::api
