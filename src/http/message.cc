#include "http/message.h"

#include <array>
#include <cassert>
#include <cstring>

#include "base/give_back.h"

namespace sluice::http {
namespace {

constexpr std::array<std::string_view, 7> method_names = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

// Avoids growing in the smallest steps. A connection's heads are much alike, so the memory of one serves the next.
constexpr size_t usual_block_bytes = 256, usual_fields = 8;
constexpr size_t max_kept_bytes = 8 * 1024;  // an idle connection does not keep the memory of its largest head

template <typename Word>
Word load(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Whether eight bytes that differ are equal but for the case of ASCII letters.
bool same_but_for_case(uint64_t a, uint64_t b) {
  constexpr uint64_t ones = 0x0101010101010101, case_bits = ones * 0x20, tops = ones * 0x80;
  const uint64_t different = a ^ b;
  if ((different & ~case_bits) != 0) return false;
  const uint64_t lower = a | case_bits;
  const uint64_t low_bits = lower & ~tops;
  const uint64_t from_a = low_bits + ones * (0x80 - 'a');  // the result is in the top bit of each byte
  const uint64_t beyond_z = low_bits + ones * (0x80 - 'z' - 1);
  const uint64_t letters = from_a & ~beyond_z & ~lower & tops;
  return ((different << 2) & ~letters) == 0;
}

// Most names are written just as the code writes them.
inline bool same_eight(uint64_t a, uint64_t b) { return a == b || same_but_for_case(a, b); }

constexpr bool is_white(char c) { return c == ' ' || c == '\t'; }

bool lists_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    while (!item.empty() && is_white(item.front())) item.remove_prefix(1);
    while (!item.empty() && is_white(item.back())) item.remove_suffix(1);
    if (!item.empty() && same_name(item, token)) return true;
  }
  return false;
}

}  // namespace

std::string_view name_of(Method method) { return method_names[static_cast<size_t>(method)]; }

std::optional<Method> method_named(std::string_view name) {
  for (size_t i = 0; i < method_names.size(); ++i) {
    if (method_names[i] == name) return static_cast<Method>(i);
  }
  return std::nullopt;
}

bool same_letters(const char* a, const char* b, size_t size) {
  if (size >= 8) {
    for (size_t i = 0; i + 8 < size; i += 8) {
      if (!same_eight(load<uint64_t>(a + i), load<uint64_t>(b + i))) return false;
    }
    return same_eight(load<uint64_t>(a + size - 8), load<uint64_t>(b + size - 8));  // may overlap the blocks before
  }
  if (size >= 4) {
    const auto both_ends = [size](const char* at) {
      return uint64_t{load<uint32_t>(at)} << 32 | load<uint32_t>(at + size - 4);
    };
    return same_eight(both_ends(a), both_ends(b));
  }
  const auto all = [size](const char* at) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < size; ++i) bytes = bytes << 8 | static_cast<unsigned char>(at[i]);
    return bytes;
  };
  return same_eight(all(a), all(b));
}

void Fields::clear() {
  if (block_.capacity() > max_kept_bytes) return release();
  block_.clear();
  spans_.clear();
}

Field Fields::operator[](size_t index) const {
  const Span& span = spans_[index];
  const char* const name = block_.data() + span.name_begin;
  return {{name, span.name_size}, {name + span.name_size, span.value_size}};
}

void Fields::add(std::string_view name, std::string_view value) {
  begin();
  append_name(name);
  append_value(value);
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  for (const Span& span : spans_) {
    const char* const at = block_.data() + span.name_begin;
    if (same_name({at, span.name_size}, name)) return std::string_view(at + span.name_size, span.value_size);
  }
  return std::nullopt;
}

void Fields::begin() {
  if (spans_.capacity() == 0) {
    spans_.reserve(usual_fields);
    block_.reserve(usual_block_bytes);
  }
  spans_.push_back({static_cast<uint32_t>(block_.size()), 0, 0});
}

void Fields::append_name(std::string_view piece) {
  assert(!spans_.empty() && spans_.back().value_size == 0);
  block_ += piece;
  spans_.back().name_size += static_cast<uint32_t>(piece.size());
}

void Fields::append_value(std::string_view piece) {
  assert(!spans_.empty());
  block_ += piece;
  spans_.back().value_size += static_cast<uint32_t>(piece.size());
}

void Fields::end() {
  uint32_t& size = spans_.back().value_size;
  while (size > 0 && is_white(block_.back())) {
    block_.pop_back();
    --size;
  }
}

void Fields::release() {
  give_back(block_);
  give_back(spans_);
}

std::string_view RequestHead::path() const { return std::string_view(target).substr(0, target.find('?')); }

std::string_view RequestHead::query() const {
  const size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

void RequestHead::clear() {
  method = Method::get;
  target.clear();
  if (target.capacity() > 1024) target.shrink_to_fit();
  minor_version = 1;
  fields.clear();
  framing = BodyFraming::none;
  content_length = 0;
  keep_alive = true;
  expects_continue = wants_websocket = false;
}

void ResponseHead::clear() {
  status = 200;
  reason.clear();
  minor_version = 1;
  fields.clear();
  framing = BodyFraming::none;
  content_length = 0;
  keep_alive = true;
}

bool lists_token(const Fields& fields, std::string_view name, std::string_view token) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field field = fields[i];
    if (same_name(field.name, name) && lists_token(field.value, token)) return true;
  }
  return false;
}

HopByHop::HopByHop(const Fields& fields) : fields_(fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field field = fields[i];
    if (!same_name(field.name, "connection")) continue;
    if (!same_name(field.value, "keep-alive") && !same_name(field.value, "close")) names_others_ = true;
  }
}

bool HopByHop::operator()(std::string_view name) const {
  constexpr std::string_view proxy = "proxy-";
  switch (name.size()) {
    case 2:
      if (same_name(name, "te")) return true;
      break;
    case 7:
      if (same_name(name, "upgrade") || same_name(name, "trailer")) return true;
      break;
    case 10:
      if (same_name(name, "connection") || same_name(name, "keep-alive")) return true;
      break;
    case 17:
      if (same_name(name, "transfer-encoding")) return true;
      break;
    default:
      break;
  }
  if (name.size() > proxy.size() && same_letters(name.data(), proxy.data(), proxy.size())) return true;
  return names_others_ && lists_token(fields_, "connection", name);
}

}  // namespace sluice::http
