// What the demo provider remembers: the latest stored responses, for GET and DELETE /v1/responses/{id}, and requests
// that it has refused once and answers when they are repeated. Shared by the demo providers of all workers, hence the
// lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::demo {

class DemoMemory {
 public:
  static constexpr size_t max_entries = 256;             // the oldest is dropped
  static constexpr size_t max_entry_bytes = 256 * 1024;  // larger ones are not stored

  struct Entry {
    std::string id;
    std::string response;     // JSON, as answered
    std::string input_items;  // JSON: the `data` list of /input_items
  };
  void put(Entry entry);
  std::optional<Entry> find(std::string_view id) const;
  bool remove(std::string_view id);
  size_t size() const;

  // Whether the request was refused at least `wait_ms` ago, and so should be answered now. It is then forgotten: the
  // next one like it is refused again. At the limit the oldest is forgotten.
  static constexpr size_t max_refused = 1024;
  bool may_answer(size_t request_hash, uint64_t now_ms, uint64_t wait_ms);

 private:
  struct Refused {
    size_t request_hash;
    uint64_t at_ms;
  };

  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
  std::deque<Refused> refused_;
};

}  // namespace sluice::demo
