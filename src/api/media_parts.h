// Images, sound and documents that a request carries as base64: their size says nothing of how many tokens they are.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::api {

struct MediaParts {
  uint64_t bytes = 0;  // of the JSON text, in all
  uint64_t images = 0, sounds = 0, documents = 0;
};

// What of `body`, a JSON text, is base64: strings of a kilobyte or more that hold nothing else, alone or as a data:
// URL, whatever the dialect calls their field. What they are is told by their first bytes; anything unknown counts as
// an image.
MediaParts find_media(std::string_view body);

}  // namespace sluice::api
