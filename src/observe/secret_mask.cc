#include "observe/secret_mask.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/json_writer.h"

namespace sluice::observe {
namespace {

constexpr size_t least_block_bytes = 3, max_block_bytes = 8;
constexpr size_t few_forms = 256;  // with more, the window and the jump table are shorter
constexpr size_t window_of_few_bytes = 32, window_of_many_bytes = 16;
constexpr size_t least_jumps = 4096;
constexpr uint64_t odd = 0x9e3779b97f4a7c15ull;

// Long enough that a block of ordinary text is rarely one of `blocks`: keys have about 4 bits of entropy per byte.
size_t block_bytes_for(size_t blocks) {
  const auto bits = static_cast<size_t>(std::bit_width(blocks));
  return std::clamp((bits + 3 + 3) / 4, least_block_bytes, max_block_bytes);
}

// As in a query, or as in a path, which keeps its slashes; with upper or lower case digits.
std::string percent_encoded(std::string_view text, std::string_view digits, bool keeps_slash) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || std::string_view("-._~").find(c) != std::string_view::npos || (keeps_slash && c == '/')) {
      result += c;
      continue;
    }
    const auto code = static_cast<unsigned char>(c);
    ((result += '%') += digits[code >> 4]) += digits[code & 15];
  }
  return result;
}

// Adds the other spellings of `secret`.
void add_spellings(std::vector<std::string>& all, const std::string& secret) {
  const auto add = [&](std::string spelling) {
    if (spelling != secret) all.push_back(std::move(spelling));
  };
  std::string escaped;
  append_json_escaped(escaped, secret);
  add(std::move(escaped));
  for (const std::string_view digits : {"0123456789ABCDEF", "0123456789abcdef"}) {
    for (const bool keeps_slash : {false, true}) add(percent_encoded(secret, digits, keeps_slash));
  }
}

// The shift that turns a product into an index of a table of this size (a power of two): the high bits of a product are
// the best ones.
unsigned shift_for(size_t table_size) { return 64 - static_cast<unsigned>(std::bit_width(table_size - 1)); }

}  // namespace

SecretMask::SecretMask(const std::vector<std::string>& secrets) {
  std::vector<std::string> spellings;
  std::vector<std::string_view> all;
  all.reserve(secrets.size());
  for (const std::string& secret : secrets) {
    if (secret.size() < least_bytes) continue;
    all.push_back(secret);
    add_spellings(spellings, secret);
  }
  all.insert(all.end(), spellings.begin(), spellings.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (all.empty()) return;
  window_bytes_ = all.size() <= few_forms ? window_of_few_bytes : window_of_many_bytes;
  forms_.reserve(all.size());
  for (const std::string_view form : all) {
    window_bytes_ = std::min(window_bytes_, form.size());
    // A form that is a prefix of this one sorts right before it, or is a prefix of the one that does.
    auto inside = static_cast<uint32_t>(forms_.size());
    while (inside != 0 && !form.starts_with(text_of(forms_[inside - 1]))) inside = forms_[inside - 1].inside;
    forms_.push_back({static_cast<uint32_t>(letters_.size()), static_cast<uint32_t>(form.size()), inside});
    letters_ += form;
  }
  fill_jumps();
  fill_windows();
}

void SecretMask::fill_jumps() {
  block_bytes_ = std::min(block_bytes_for(forms_.size() * window_bytes_), window_bytes_);
  const size_t blocks = window_bytes_ - block_bytes_ + 1;
  jumps_.assign(std::max(least_jumps, std::bit_ceil(4 * blocks * forms_.size())), static_cast<uint8_t>(blocks));
  block_shift_ = static_cast<unsigned>(8 * (sizeof(uint64_t) - block_bytes_));
  jump_shift_ = shift_for(jumps_.size());
  // Padded at the front, because the hash reads bytes before the block.
  char padded[max_block_bytes + window_of_few_bytes] = {};
  for (const Form& form : forms_) {
    std::memcpy(padded + max_block_bytes, letters_.data() + form.begin, window_bytes_);
    for (size_t left = 0; left < blocks; ++left) {
      uint8_t& jump = jumps_[block_hash(padded + max_block_bytes + window_bytes_ - 1 - left)];
      jump = std::min(jump, static_cast<uint8_t>(left));
    }
  }
}

void SecretMask::fill_windows() {
  windows_.assign(std::bit_ceil(2 * forms_.size() + 2), 0);
  window_shift_ = shift_for(windows_.size());
  for (size_t i = 0; i < forms_.size(); ++i) {
    const std::string_view window = text_of(forms_[i]).substr(0, window_bytes_);
    if (has_window(window)) continue;
    size_t slot = window_hash(window.data());
    while (windows_[slot] != 0) slot = (slot + 1) & (windows_.size() - 1);
    windows_[slot] = static_cast<uint32_t>(i + 1);
  }
}

// The hash of the block that ends at `last`. Reads eight bytes and ignores those before the block.
size_t SecretMask::block_hash(const char* last) const {
  uint64_t bytes = 0;
  std::memcpy(&bytes, last + 1 - sizeof bytes, sizeof bytes);
  if constexpr (std::endian::native == std::endian::little) {
    bytes >>= block_shift_;
  } else {
    bytes <<= block_shift_;
  }
  return (bytes * odd) >> jump_shift_;
}

size_t SecretMask::window_hash(const char* begin) const {
  uint64_t first = 0, last = 0;
  std::memcpy(&first, begin, sizeof first);
  std::memcpy(&last, begin + window_bytes_ - sizeof last, sizeof last);
  return ((first * odd ^ last) * odd) >> window_shift_;
}

bool SecretMask::has_window(std::string_view window) const {
  for (size_t slot = window_hash(window.data()); windows_[slot] != 0; slot = (slot + 1) & (windows_.size() - 1)) {
    if (text_of(forms_[windows_[slot] - 1]).starts_with(window)) return true;
  }
  return false;
}

// The length of the longest form that `text` begins with; 0: none. Of all forms that sort before `text`, the last one
// either is a prefix of `text` or has the longest such prefix as its own prefix.
size_t SecretMask::longest_at(std::string_view text) const {
  if (!has_window(text.substr(0, window_bytes_))) return 0;
  const auto after =
      std::upper_bound(forms_.begin(), forms_.end(), text,
                       [this](std::string_view wanted, const Form& form) { return wanted < text_of(form); });
  auto number = static_cast<size_t>(after - forms_.begin());
  while (number != 0 && !text.starts_with(text_of(forms_[number - 1]))) number = forms_[number - 1].inside;
  return number == 0 ? 0 : forms_[number - 1].bytes;
}

std::string_view SecretMask::apply(std::string_view text, std::string& scratch) const {
  if (forms_.empty()) return text;
  size_t copied = 0;      // text up to here is in scratch or masked
  size_t masked_end = 0;  // of the last secret found
  bool found = false;
  scratch.clear();
  for (size_t last = window_bytes_ - 1; last < text.size();) {
    const size_t jump = jumps_[block_hash(text.data() + last)];
    if (jump > 0) {
      last += jump;
      continue;
    }
    const size_t begin = last - (window_bytes_ - 1);
    const size_t size = longest_at(text.substr(begin));
    if (size > 0) {
      // A secret that begins inside the last one only extends it.
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
