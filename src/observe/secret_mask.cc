#include "observe/secret_mask.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/json_escape.h"

namespace sluice::observe {
namespace {

constexpr size_t block_bytes = 3;
constexpr size_t most_window_bytes = 32;

// Of the block of three bytes that ends at `last`; the byte before them is read too, but does not count.
size_t hash_at(const char* last) {
  uint32_t bytes = 0;
  std::memcpy(&bytes, last - 3, sizeof bytes);
  if constexpr (std::endian::native == std::endian::little) bytes >>= 8;
  return ((bytes & 0xffffffu) * 0x9e3779b1u) >> 20;
}

}  // namespace

void SecretMask::add(std::string_view secret) {
  if (secret.size() < least_bytes) return;
  add_form(secret);
  std::string escaped;
  append_json_escaped(escaped, secret);
  if (escaped != secret) add_form(escaped);
}

void SecretMask::add_form(std::string_view form) {
  if (std::find(secrets_.begin(), secrets_.end(), form) != secrets_.end()) return;
  secrets_.emplace_back(form);
  // The window may have become shorter, which changes every jump.
  window_bytes_ = most_window_bytes;
  for (const std::string& secret : secrets_) window_bytes_ = std::min(window_bytes_, secret.size());
  jumps_.fill(static_cast<uint8_t>(window_bytes_ - block_bytes + 1));
  for (const std::string& secret : secrets_) {
    const std::string padded = '\0' + secret.substr(0, window_bytes_);  // with a byte before the first block
    for (size_t last = block_bytes; last < padded.size(); ++last) {
      uint8_t& jump = jumps_[hash_at(padded.data() + last)];
      jump = std::min(jump, static_cast<uint8_t>(padded.size() - 1 - last));
    }
  }
}

size_t SecretMask::longest_at(std::string_view text, size_t at) const {
  size_t longest = 0;
  for (const std::string& secret : secrets_) {
    if (secret.size() > longest && text.compare(at, secret.size(), secret) == 0) longest = secret.size();
  }
  return longest;
}

std::string_view SecretMask::apply(std::string_view text, std::string& scratch) const {
  if (secrets_.empty()) return text;
  size_t copied = 0;      // text up to here is in scratch or masked
  size_t masked_end = 0;  // of the last secret found
  bool found = false;
  scratch.clear();
  for (size_t last = window_bytes_ - 1; last < text.size();) {
    const size_t jump = jumps_[hash_at(text.data() + last)];
    if (jump > 0) {
      last += jump;
      continue;
    }
    const size_t begin = last - (window_bytes_ - 1);
    const size_t size = longest_at(text, begin);
    if (size > 0) {
      // One that begins inside the last one only makes that longer.
      if (!found || begin >= masked_end) {
        scratch.append(text, copied, begin - copied);
        scratch += "***";
      }
      found = true;
      masked_end = std::max(masked_end, begin + size);
      copied = masked_end;
    }
    ++last;
  }
  if (!found) return text;
  scratch.append(text, copied);
  return scratch;
}

}  // namespace sluice::observe
