#include "api/key_spelling.h"

#include "base/json_writer.h"

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
    } else if (bytes == 1 && one[0] >= 'A' && one[0] <= 'Z') {
      plain += static_cast<char>(one[0] - 'A' + 'a');
    } else {
      plain += one;
    }
  }
  constexpr std::string_view white = " \t\r\n\v\f";
  const size_t first = plain.find_first_not_of(white);
  if (first == std::string::npos) return {};
  return plain.substr(first, plain.find_last_not_of(white) - first + 1);
}

}  // namespace sluice::api
