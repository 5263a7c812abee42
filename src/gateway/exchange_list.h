// The exchanges in flight, for /admin/exchanges: a list for each worker, and a census that gathers those of all
// workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/loop.h"

namespace sluice::gateway {

class ListedExchange {
 public:
  ListedExchange() = default;
  ListedExchange(const ListedExchange&) = delete;
  ListedExchange& operator=(const ListedExchange&) = delete;

  virtual uint64_t since_ns() const = 0;  // Loop::now_ns() when its first byte was read
  // Appends it as a JSON object. `now_ns`: for its age.
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

// An intrusive list: adding and removing cost a few stores. The worker's thread only.
class ExchangeList {
 public:
  void add(ListedExchange& exchange);  // it must be removed before it is destroyed
  void remove(ListedExchange& exchange);
  size_t size() const { return size_; }
  uint64_t added() const { return added_; }  // ever
  // The `most` oldest, oldest first.
  std::vector<ExchangeRow> rows(size_t most, uint64_t now_ns) const;

 private:
  ListedExchange* first_ = nullptr;
  ListedExchange* last_ = nullptr;
  size_t size_ = 0;
  uint64_t added_ = 0;
};

// Each worker is asked by a task on its loop and replies by a task on the asker's, so the request path has no lock and
// no shared data. Each asking worker has one; it is used and destroyed on that worker's thread, or once the thread has
// ended. Create it with make_shared: a late reply must be able to see that it is gone.
class ExchangeCensus : public std::enable_shared_from_this<ExchangeCensus> {
 public:
  static constexpr size_t max_rows = 1000;
  static constexpr uint32_t patience_ms = 1000;  // how long to wait for a worker that does not reply

  using Task = std::function<void(const ExchangeList&)>;
  // Runs `task` with the exchanges of worker `index`, on that worker's thread, in a later turn of its loop.
  using Ask = std::function<void(size_t index, Task task)>;
  // Receives the body of the page.
  using Done = std::function<void(const std::string& body)>;

  explicit ExchangeCensus(Ask ask) : ask_(std::move(ask)) {}

  // Calls `done` once, in a later turn of `loop` (the asker's): when all `workers` have replied, or after patience_ms
  // with the replies so far. A call during a census gets the result of that census. The loops must not be destroyed
  // before all workers' threads have ended.
  void take(net::Loop& loop, size_t workers, Done done);

 private:
  void on_reply(uint64_t id, std::vector<ExchangeRow> rows, size_t total);
  void end();

  const Ask ask_;
  std::vector<Done> waiting_;  // empty: no census is running
  uint64_t id_ = 0;            // of the census; replies to an earlier one are ignored
  std::vector<ExchangeRow> rows_;
  size_t total_ = 0;
  size_t missing_ = 0;
  std::unique_ptr<net::Timer> patience_;
};

}  // namespace sluice::gateway
