// Reads tools and the choice of them.
#pragma once

#include <string>

#include "api/responses/translate.h"

namespace sluice::api::responses {

// Adds the tools of a list; those of a namespace one by one. `path`: of the list, for errors.
Result<void> read_tools(JsonValue list, const std::string& path, Request& request);
Result<void> read_tool_choice(JsonValue choice, Request& request);

// Used by several readers: the member as a text, "" if it is absent or null.
Result<JsonText> text_in(JsonValue object, std::string_view name, const std::string& path);
tl::unexpected<Error> wrong_type(const std::string& path, std::string_view expected);
// Puts an unknown member of a setting that is an object into the request's bag as "within.key".
void carry_within(Request& request, std::string_view within, JsonValue member);
// "namespace.name", or the name alone. The text lives in the request's arena.
JsonText scoped_name(JsonText space, JsonText name, Request& request);

}  // namespace sluice::api::responses
