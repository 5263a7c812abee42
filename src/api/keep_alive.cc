#include "api/keep_alive.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::api {
namespace {

constexpr std::string_view line_space = " \t\r";
// As names of events, and as the `type` of one that has no name. The second is OpenAI's.
constexpr std::array<std::string_view, 3> keep_alive_names = {"ping", "keepalive", "heartbeat"};

bool is_name(std::string_view text) {
  return std::find(keep_alive_names.begin(), keep_alive_names.end(), text) != keep_alive_names.end();
}

bool names_one(std::string_view data) {
  const size_t key = data.find("\"type\"");
  if (key == data.npos) return data.empty() || data == "{}";
  const size_t begin = data.find('"', key + 6);
  const size_t end = begin == data.npos ? begin : data.find('"', begin + 1);
  return end != data.npos && is_name(data.substr(begin + 1, end - begin - 1));
}

bool says_nothing(std::string_view line) {
  if (line.empty() || line.front() == ':') return true;
  if (line.starts_with("event:")) return is_name(trim(line.substr(6), line_space));
  return line.starts_with("data:") && names_one(trim(line.substr(5), line_space));
}

}  // namespace

bool is_keep_alive(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    if (!says_nothing(trim(bytes.substr(0, end), line_space))) return false;
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return true;
}

}  // namespace sluice::api
