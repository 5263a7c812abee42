#include "demo/memory.h"

#include <algorithm>
#include <utility>

namespace sluice::demo {

void DemoMemory::put(Entry entry) {
  if (entry.response.size() + entry.input_items.size() > max_entry_bytes) return;
  const std::lock_guard lock(mutex_);
  if (entries_.size() == max_entries) entries_.pop_front();
  entries_.push_back(std::move(entry));
}

std::optional<DemoMemory::Entry> DemoMemory::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.id == id; });
  if (at == entries_.end()) return std::nullopt;
  return *at;
}

bool DemoMemory::remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(entries_, [&](const Entry& e) { return e.id == id; }) > 0;
}

size_t DemoMemory::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

bool DemoMemory::may_answer(size_t request_hash, uint64_t now_ms, uint64_t wait_ms) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(refused_.begin(), refused_.end(),
                               [&](const Refused& one) { return one.request_hash == request_hash; });
  if (at == refused_.end()) {
    if (refused_.size() == max_refused) refused_.pop_front();
    refused_.push_back({request_hash, now_ms});
    return false;
  }
  if (now_ms < at->at_ms + wait_ms) return false;
  refused_.erase(at);
  return true;
}

}  // namespace sluice::demo
