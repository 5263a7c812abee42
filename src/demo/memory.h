// What GET and DELETE /v1/responses/{id} of the demo provider can find again: the last responses that asked to be
// stored. Shared by the demo providers of all workers, hence the lock.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::demo {

class DemoMemory {
 public:
  static constexpr size_t max_entries = 256;             // the oldest goes
  static constexpr size_t max_entry_bytes = 256 * 1024;  // larger ones are not kept

  struct Entry {
    std::string id;
    std::string response;     // JSON, as it was answered
    std::string input_items;  // JSON: the `data` list of /input_items
  };
  void put(Entry entry);
  std::optional<Entry> find(std::string_view id) const;
  bool remove(std::string_view id);
  size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
};

}  // namespace sluice::demo
