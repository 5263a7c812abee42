#include "api/media_parts.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "api/json_cursor.h"

namespace sluice::api {
namespace {

constexpr size_t least_bytes = 1024;  // counting less as text is at most 256 tokens off
constexpr size_t sample_bytes = 64;

// Includes base64url, and '/' and line breaks as JSON escapes them.
bool is_base64(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/' ||
           c == '=' || c == '-' || c == '_' || c == '\\';
  });
}

bool begins_with_any(std::string_view text, std::span<const std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(), [&](std::string_view start) { return text.starts_with(start); });
}

// A string's text, still escaped.
void count_media(std::string_view text, MediaParts& parts) {
  std::string_view data = text;
  std::string_view type;
  if (text.starts_with("data:")) {
    const size_t comma = text.substr(0, 4 * sample_bytes).find(',');
    if (comma == std::string_view::npos || !text.substr(0, comma).ends_with(";base64")) return;
    type = text.substr(5, comma - 5);
    data = text.substr(comma + 1);
  }
  if (data.size() < least_bytes || !is_base64(data.substr(0, sample_bytes)) ||
      !is_base64(data.substr(data.size() / 2, sample_bytes)) || !is_base64(data.substr(data.size() - sample_bytes))) {
    return;
  }
  parts.bytes += text.size();
  // The first bytes of PDF and of zip (office documents); of WAV, MP3, Ogg, FLAC.
  constexpr std::array<std::string_view, 2> document = {"JVBER", "UEsDB"};
  constexpr std::array<std::string_view, 7> sound = {"SUQz", "//u", "//v", "//O", "\\/\\/", "T2dnU", "ZkxhQ"};
  const bool is_riff_sound = data.starts_with("UklGR") && data.substr(11, 5) == "XQVZF";
  if (type.starts_with("application/") || type.starts_with("text/") || begins_with_any(data, document)) {
    ++parts.documents;
  } else if (type.starts_with("audio/") || is_riff_sound || begins_with_any(data, sound)) {
    ++parts.sounds;
  } else {
    ++parts.images;
  }
}

}  // namespace

MediaParts find_media(std::string_view body) {
  MediaParts parts;
  const char* at = body.data();
  const char* const end = at + body.size();
  while (at != end) {
    const void* const quote = std::memchr(at, '"', static_cast<size_t>(end - at));
    if (quote == nullptr) break;
    const char* const text = static_cast<const char*>(quote) + 1;
    const char* const close = find_string_end(text, end);
    if (close == end) break;
    const auto size = static_cast<size_t>(close - text);
    if (size >= least_bytes) count_media({text, size}, parts);
    at = close + 1;
  }
  return parts;
}

}  // namespace sluice::api
