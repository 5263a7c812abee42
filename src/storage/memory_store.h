// An AnswerStore in memory: bounded by bytes and by age, shared by all workers under one lock, which is taken only when
// answers are stored or looked up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>

#include "storage/store.h"

namespace sluice::storage {

struct MemoryStoreBounds {
  size_t max_bytes = 64 * 1024 * 1024;        // of all answers, including the overhead of each
  size_t max_answer_bytes = 8 * 1024 * 1024;  // a larger one is not kept
  int64_t max_age_s = 24 * 60 * 60;           // since its last use
};

// At the limit of bytes the least recently used answer is dropped.
class MemoryStore final : public AnswerStore {
 public:
  using UnixTime = std::function<int64_t()>;  // in seconds
  MemoryStore(const MemoryStoreBounds& bounds, UnixTime unix_s) : bounds_(bounds), unix_s_(std::move(unix_s)) {}

  void put(std::string_view owner, std::string_view id, KeptAnswer answer) override;
  std::shared_ptr<const KeptAnswer> find(std::string_view owner, std::string_view id) override;
  bool empty() const override;
  bool remove(std::string_view owner, std::string_view id) override;
  size_t bytes() const;
  size_t size() const;

  static constexpr size_t entry_bytes = 256;  // approximate overhead per answer

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const KeptAnswer> answer;
    size_t bytes;
    int64_t used_unix_s;
  };
  using Entries = std::list<Entry>;

  static std::string key_of(std::string_view owner, std::string_view id);
  void drop(Entries::iterator at);
  void drop_old(int64_t now_unix_s);

  const MemoryStoreBounds bounds_;
  const UnixTime unix_s_;
  mutable std::mutex mutex_;
  Entries entries_;  // the most recently used at the end
  std::map<std::string, Entries::iterator, std::less<>> places_;
  size_t bytes_ = 0;
};

}  // namespace sluice::storage
