#include "api/gemini/media.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace sluice::api::gemini {

PartKind kind_of_media(std::string_view media_type) {
  if (media_type.starts_with("image/")) return PartKind::image;
  if (media_type.starts_with("audio/")) return PartKind::audio;
  if (media_type.starts_with("video/")) return PartKind::video;
  return PartKind::document;
}

std::string_view media_type_of_name(std::string_view url) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> endings = {{{".png", "image/png"},
                                                                                      {".jpg", "image/jpeg"},
                                                                                      {".jpeg", "image/jpeg"},
                                                                                      {".webp", "image/webp"},
                                                                                      {".gif", "image/gif"},
                                                                                      {".heic", "image/heic"},
                                                                                      {".pdf", "application/pdf"},
                                                                                      {".txt", "text/plain"},
                                                                                      {".mp3", "audio/mpeg"},
                                                                                      {".wav", "audio/wav"},
                                                                                      {".flac", "audio/flac"},
                                                                                      {".mp4", "video/mp4"},
                                                                                      {".mov", "video/quicktime"},
                                                                                      {".webm", "video/webm"}}};
  if (url.find("youtube.com/") != url.npos || url.find("youtu.be/") != url.npos) return "video/mp4";
  const std::string path = to_lower(url.substr(0, url.find_first_of("?#")));
  for (const auto& [ending, type] : endings) {
    if (path.ends_with(ending)) return type;
  }
  return "";
}

bool is_handle_of_google(std::string_view url) {
  return url.starts_with("gs://") || url.starts_with("https://generativelanguage.googleapis.com/");
}

bool is_fetched_by_google(std::string_view url) {
  constexpr std::array<std::string_view, 4> beginnings = {"https://www.youtube.com/", "https://youtube.com/",
                                                          "https://youtu.be/", "https://m.youtube.com/"};
  for (const std::string_view beginning : beginnings) {
    if (url.starts_with(beginning)) return true;
  }
  return is_handle_of_google(url);
}

}  // namespace sluice::api::gemini
