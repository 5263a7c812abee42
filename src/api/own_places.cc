#include "api/own_places.h"

#include <charconv>
#include <optional>
#include <vector>

#include "api/translation.h"

namespace sluice::api {
namespace {

void mark_parts(std::vector<Part>& parts, size_t first, uint32_t message) {
  for (size_t i = parts.size(); i > first && parts[i - 1].place.message == OwnPlace::none; --i) {
    parts[i - 1].place.message = message;
  }
}

// The number behind `name` and in brackets, which is taken off `path`.
std::optional<size_t> take_index(std::string_view& path, std::string_view name) {
  if (!path.starts_with(name)) return std::nullopt;
  const char* const end = path.data() + path.size();
  size_t index = 0;
  const auto [behind, error] = std::from_chars(path.data() + name.size(), end, index);
  if (error != std::errc() || behind == end || *behind != ']') return std::nullopt;
  path.remove_prefix(static_cast<size_t>(behind + 1 - path.data()));
  return index;
}

std::string path_to(const OwnPlace& place) {
  std::string path = path_of("messages", place.message);
  if (!place.member.empty()) (path += '.') += place.member;
  if (place.part == OwnPlace::none) return path;
  return path_of(place.member.empty() ? path + ".content" : path, place.part);
}

// What was put in stands behind a message of the caller's.
uint32_t place_of(const std::vector<Message>& messages, size_t index) {
  for (size_t i = index + 1; i != 0; --i) {
    if (messages[i - 1].place != OwnPlace::none) return messages[i - 1].place;
  }
  return OwnPlace::none;
}

}  // namespace

void PlaceMarker::mark(size_t index) {
  const auto place = static_cast<uint32_t>(index);
  std::vector<Message>& messages = request_.messages;
  for (size_t i = messages_ == 0 ? 0 : messages_ - 1; i < messages.size(); ++i) {
    if (messages[i].place == OwnPlace::none) messages[i].place = place;
    mark_parts(messages[i].parts, 0, place);
  }
  messages_ = messages.size();
  mark_parts(request_.system, system_parts_, place);
}

std::string own_path(const Request& request, std::string_view path) {
  std::string_view rest = path;
  if (const auto at = take_index(rest, "system["); at && *at < request.system.size()) {
    const OwnPlace& place = request.system[*at].place;
    if (place.message != OwnPlace::none) return path_to(place).append(rest);
    return place.part == OwnPlace::none ? std::string(path) : path_of("system", place.part).append(rest);
  }
  if (const auto at = take_index(rest, "tools["); at && *at < request.tools.size()) {
    const std::string_view own = request.tools[*at].path;
    return own.empty() ? std::string(path) : std::string(own).append(rest);
  }
  const std::optional<size_t> at = take_index(rest, "messages[");
  if (!at || *at >= request.messages.size()) return std::string(path);
  const std::vector<Part>& parts = request.messages[*at].parts;
  std::string_view behind = rest;
  const std::optional<size_t> part = take_index(behind, ".content[");
  if (part && *part < parts.size() && parts[*part].place.message != OwnPlace::none) {
    return path_to(parts[*part].place).append(behind);
  }
  const uint32_t message = place_of(request.messages, *at);
  return message == OwnPlace::none ? std::string(path) : path_of("messages", message).append(rest);
}

}  // namespace sluice::api
