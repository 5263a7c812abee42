// The exchanges of one worker that are in flight, for /admin/exchanges. An intrusive list: adding and removing is a few
// stores. Worker's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::gateway {

class ListedExchange {
 public:
  ListedExchange() = default;
  ListedExchange(const ListedExchange&) = delete;
  ListedExchange& operator=(const ListedExchange&) = delete;

  virtual uint64_t since_ns() const = 0;  // Loop::now_ns() when its first byte was read
  // Appends it as a JSON object. `now_ns`: what its age is told by.
  virtual void describe(std::string& out, uint64_t now_ns) const = 0;

 protected:
  ~ListedExchange() = default;

 private:
  friend class ExchangeList;
  ListedExchange* next_ = nullptr;
  ListedExchange* previous_ = nullptr;
};

struct ExchangeRow {
  uint64_t since_ns = 0;
  std::string json;
};

class ExchangeList {
 public:
  void add(ListedExchange& exchange);  // which must be removed before it is destroyed
  void remove(ListedExchange& exchange);
  size_t size() const { return size_; }
  // The first `most` that came, oldest first.
  std::vector<ExchangeRow> rows(size_t most, uint64_t now_ns) const;

 private:
  ListedExchange* first_ = nullptr;
  ListedExchange* last_ = nullptr;
  size_t size_ = 0;
};

}  // namespace sluice::gateway
