// Pictures, sounds, films and documents: what a type or a URL says of them.
#pragma once

#include <string_view>

#include "api/request.h"

namespace sluice::api::gemini {

// "image/png" is an image; whatever is none of the others is a document.
PartKind kind_of_media(std::string_view media_type);
// By how a URL's path ends: "image/png"; "" where that tells nothing.
std::string_view media_type_of_name(std::string_view url);
// A URL that only Google's models read: of a file that was given to them, or of their storage.
bool is_handle_of_google(std::string_view url);
// Those, and films of YouTube, which all of its models read.
bool is_fetched_by_google(std::string_view url);

}  // namespace sluice::api::gemini
