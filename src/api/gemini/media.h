// Pictures, sounds, videos and documents: what a type or a URL says about them.
#pragma once

#include <string_view>

#include "api/request.h"

namespace sluice::api::gemini {

// "image/png" is an image; a type of no other kind is a document.
PartKind kind_of_media(std::string_view media_type);
// From the extension of a URL's path: "image/png"; "" if unknown.
std::string_view media_type_of_name(std::string_view url);
// A URL that only Google's models can read: an uploaded file or one in Google's storage.
bool is_handle_of_google(std::string_view url);
// Those, and YouTube videos, which all Gemini models read.
bool is_fetched_by_google(std::string_view url);

}  // namespace sluice::api::gemini
