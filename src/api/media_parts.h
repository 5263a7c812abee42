// Images, sound and documents that a request carries as base64: their size says nothing about their tokens.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::api {

struct MediaParts {
  uint64_t bytes = 0;  // of the JSON text, in all
  uint64_t images = 0, sounds = 0, documents = 0;
};

// Finds base64 in `body`, a JSON text: strings of a kilobyte or more that hold nothing else, alone or as a data: URL,
// whatever the dialect calls their member. Their kind is recognised by their first bytes; anything unknown counts as an
// image.
MediaParts find_media(std::string_view body);

}  // namespace sluice::api
