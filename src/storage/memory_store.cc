#include "storage/memory_store.h"

#include <utility>

namespace sluice::storage {

// Owners' names contain no line break.
std::string MemoryStore::key_of(std::string_view owner, std::string_view id) {
  std::string key(owner);
  key += '\n';
  key += id;
  return key;
}

void MemoryStore::put(std::string_view owner, std::string_view id, KeptAnswer answer) {
  std::string key = key_of(owner, id);
  const size_t bytes = entry_bytes + 2 * key.size() + answer.bytes();
  const int64_t now = unix_s_();
  auto kept = std::make_shared<const KeptAnswer>(std::move(answer));
  const std::lock_guard lock(mutex_);
  if (const auto at = places_.find(key); at != places_.end()) drop(at->second);
  if (bytes > bounds_.max_answer_bytes || bytes > bounds_.max_bytes) return;
  drop_old(now);
  while (bytes_ + bytes > bounds_.max_bytes) drop(entries_.begin());
  bytes_ += bytes;
  entries_.push_back({key, std::move(kept), bytes, now});
  places_.emplace(std::move(key), std::prev(entries_.end()));
}

std::shared_ptr<const KeptAnswer> MemoryStore::find(std::string_view owner, std::string_view id) {
  const std::string key = key_of(owner, id);
  const int64_t now = unix_s_();
  const std::lock_guard lock(mutex_);
  drop_old(now);
  const auto at = places_.find(key);
  if (at == places_.end()) return nullptr;
  at->second->used_unix_s = now;
  entries_.splice(entries_.end(), entries_, at->second);
  return at->second->answer;
}

bool MemoryStore::remove(std::string_view owner, std::string_view id) {
  const std::string key = key_of(owner, id);
  const std::lock_guard lock(mutex_);
  const auto at = places_.find(key);
  if (at == places_.end()) return false;
  drop(at->second);
  return true;
}

bool MemoryStore::empty() const { return size() == 0; }

size_t MemoryStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

size_t MemoryStore::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void MemoryStore::drop(Entries::iterator at) {
  bytes_ -= at->bytes;
  places_.erase(at->key);
  entries_.erase(at);
}

void MemoryStore::drop_old(int64_t now_unix_s) {
  while (!entries_.empty() && entries_.front().used_unix_s + bounds_.max_age_s < now_unix_s) drop(entries_.begin());
}

}  // namespace sluice::storage
