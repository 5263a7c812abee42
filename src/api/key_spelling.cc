#include "api/key_spelling.h"

#include "base/json_writer.h"
#include "base/text.h"

namespace sluice::api {

std::string lenient_key(std::string_view key) {
  constexpr size_t longest = 32;
  constexpr std::string_view long_s = "\xC5\xBF", kelvin = "\xE2\x84\xAA";
  std::string plain;
  while (!key.empty() && key.front() != '\0' && plain.size() < longest) {
    const size_t bytes = utf8_sequence_bytes(key);
    const std::string_view one = key.substr(0, bytes);
    key.remove_prefix(bytes == 0 ? 1 : bytes);
    if (one == long_s) {
      plain += 's';
    } else if (one == kelvin) {
      plain += 'k';
    } else if (bytes == 1) {
      plain += to_lower(one[0]);
    } else {
      plain += one;
    }
  }
  return std::string(trim(plain, white_space));
}

}  // namespace sluice::api
