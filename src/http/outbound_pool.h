// The connections of one worker to one target host. Reused last in, first out, so that surplus connections age and are
// closed; capped, with a bounded queue of waiters when the cap is reached.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "http/outbound_connection.h"
#include "net/dialer.h"
#include "net/loop.h"

namespace sluice::http {

// Counts shared by all pools of a worker, for metrics. Worker's thread only.
struct PoolCounts {
  int64_t open = 0, idle = 0, waiting = 0;
  int64_t reused_total = 0, dialed_total = 0;
  int64_t max_idle = 4'096;  // of all pools together: a connection freed beyond it is closed
};

struct PoolOptions {
  uint32_t max_open = 0;         // at once; 0: no cap
  uint32_t max_idle = 1'024;     // enough for as many concurrent callers; surplus connections age and are closed
  uint32_t idle_ms = 30'000;     // an idle connection older than this is closed
  uint32_t max_waiting = 1'024;  // in all pools that share the counts
  ParserLimits limits;           // of answers
};

class OutboundPool {
 public:
  using Connected = std::function<void(Result<std::unique_ptr<OutboundConnection>>)>;

  // A connection being waited for or made. Destroying it cancels.
  class Pending {
   public:
    ~Pending();
    // As Dial::stage(); "waiting for one of 64 connections to be free" while queued.
    std::string stage() const;
    bool queued() const { return queued_; }

   private:
    friend class OutboundPool;
    Pending(OutboundPool& pool, Connected connected) : pool_(pool), connected_(std::move(connected)) {}
    void dial();

    OutboundPool& pool_;
    Connected connected_;
    std::unique_ptr<net::Dial> dial_;
    bool queued_ = false;
    bool counted_ = false;  // has a slot among the open ones
    Pending* next_ = nullptr;
    Pending* previous_ = nullptr;
  };

  // All references must outlive the pool.
  OutboundPool(net::Loop& loop, net::Dialer& dialer, const PoolOptions& options, PoolCounts& counts);
  ~OutboundPool();

  // An idle connection, the one used last; nullptr if there is none.
  std::unique_ptr<OutboundConnection> take_idle();
  // A new connection, or the next one freed if the cap is reached. `connected` is called once, never from inside
  // connect(); the Pending may be destroyed inside it. Fails with overloaded when the queue is full.
  Result<std::unique_ptr<Pending>> connect(Connected connected);
  // The exchange on it is over: kept if it is reusable, else closed.
  void give_back(std::unique_ptr<OutboundConnection> connection);

 private:
  friend class OutboundConnection;
  void idle_connection_died(OutboundConnection& connection);
  void unlink_idle(OutboundConnection& connection);
  void close(std::unique_ptr<OutboundConnection> connection);
  void slot_freed();
  Pending* pop_waiting();
  void unlink_waiting(Pending& pending);

  net::Loop& loop_;
  net::Dialer& dialer_;
  const PoolOptions options_;
  PoolCounts& counts_;
  OutboundConnection* newest_ = nullptr;  // of the idle list
  OutboundConnection* oldest_ = nullptr;
  Pending* first_waiting_ = nullptr;
  Pending* last_waiting_ = nullptr;
  uint32_t open_ = 0, idle_ = 0;
};

}  // namespace sluice::http
