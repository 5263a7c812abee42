#include "gateway/id_makers.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "api/json_cursor.h"
#include "net/stream.h"

namespace sluice::gateway {
namespace {

constexpr uint64_t provider_bits = 0xff'ffff;
constexpr size_t shortest_id = 6;
constexpr size_t max_bytes = 4 * 1024;  // how much of an answer is looked at

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_id(std::string_view segment) {
  if (segment.size() < shortest_id || std::none_of(segment.begin(), segment.end(), is_digit)) return false;
  return segment[0] != 'v' || !is_digit(segment[1]);
}

// Calls `look(id)` for each id in `path` until it returns true.
template <typename Look>
bool any_id(std::string_view path, Look look) {
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, std::min(path.find(':'), slash));  // "files/x:download"
    if (is_id(segment) && look(segment)) return true;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

// The id of a JSON object, or of the "response" or "file" in it; for Gemini, the last part of "name". "": there is
// none. nullopt: the text ends too early.
std::optional<std::string_view> id_in(api::JsonCursor& cursor, bool may_nest) {
  if (!cursor.take('{')) return cursor.at_end() ? std::nullopt : std::optional<std::string_view>("");
  std::string_view key;
  for (bool first = true;;) {
    const api::JsonStep step = api::next_member(cursor, first, key);
    if (step == api::JsonStep::end) return "";
    if (step == api::JsonStep::broken) return std::nullopt;
    const char begin = cursor.next();
    if (may_nest && begin == '{' && (key == "response" || key == "file")) return id_in(cursor, false);
    const bool text = begin == '"' && (key == "id" || key == "name");
    const std::optional<std::string_view> value = text ? cursor.take_string() : cursor.take_value();
    if (!value) return std::nullopt;
    if (text && key == "id") return value;
    const size_t slash = text ? value->rfind('/') : std::string_view::npos;
    if (slash != std::string_view::npos) return value->substr(slash + 1);
  }
}

}  // namespace

uint64_t IdMakers::hash_of(std::string_view text) const {
  uint64_t hash = std::hash<std::string_view>()(text) ^ chance_;
  hash *= 0x9e37'79b9'7f4a'7c15;
  return hash ^ (hash >> 29);
}

// A provider with a single credential may get a new one and still own its objects, so that credential is not hashed.
uint64_t IdMakers::maker_hash(const config::Provider& provider, size_t key) const {
  constexpr uint64_t odd = 0x2545'f491'4f6c'dd1d;
  const uint64_t hash = hash_of(provider.name);
  return (provider.api_keys.empty() ? hash : hash + odd * hash_of(provider.key_at(key))) & provider_bits;
}

void IdMakers::learn(std::string_view id, const config::Provider& provider, size_t key) {
  if (id.size() < shortest_id) return;
  const uint64_t hash = hash_of(id);
  const uint64_t made = (hash & ~provider_bits) | maker_hash(provider, key);
  made_[hash % made_.size()].store(made, std::memory_order_relaxed);
}

void IdMakers::learn_path(std::string_view path, const config::Provider& provider, size_t key) {
  any_id(path, [&](std::string_view id) {
    learn(id, provider, key);
    return false;
  });
}

IdMakers::Maker IdMakers::maker(std::string_view path, std::span<const config::Provider* const> candidates) const {
  Maker found;
  any_id(path, [&](std::string_view id) {
    const uint64_t hash = hash_of(id);
    const uint64_t made = made_[hash % made_.size()].load(std::memory_order_relaxed);
    if ((made & ~provider_bits) != (hash & ~provider_bits)) return false;
    for (const config::Provider* const one : candidates) {
      for (size_t key = 0; key < one->key_count(); ++key) {
        if (maker_hash(*one, key) == (made & provider_bits)) found = {one, key};
      }
    }
    return found.provider != nullptr;
  });
  return found;
}

bool IdMakers::names_id(std::string_view path) {
  return any_id(path, [](std::string_view) { return true; });
}

bool IdWatch::take(std::string_view bytes) {
  beginning_ += bytes.substr(0, max_bytes - beginning_.size());
  std::string text = beginning_;
  text.append(net::read_padding_bytes, '\0');
  std::string_view json(text.data(), beginning_.size());
  if (!json.empty() && json.front() != '{') {  // events
    json.remove_prefix(std::min(json.find('{'), json.size()));
  }
  api::JsonCursor cursor(json);
  const std::optional<std::string_view> id = id_in(cursor, true);
  if (!id) return beginning_.size() < max_bytes;
  id_ = *id;
  if (makers_ != nullptr) makers_->learn(id_, provider_, key_);
  return false;
}

}  // namespace sluice::gateway
