#include "http/outbound_pool.h"

#include <new>
#include <string>

namespace sluice::http {

OutboundPool::OutboundPool(net::Loop& loop, net::Dialer& dialer, const PoolOptions& options, PoolCounts& counts)
    : loop_(loop), dialer_(dialer), options_(options), counts_(counts) {}

OutboundPool::~OutboundPool() {
  while (newest_ != nullptr) {
    std::unique_ptr<OutboundConnection> connection(newest_);
    unlink_idle(*connection);
    --counts_.open;
  }
}

std::unique_ptr<OutboundConnection> OutboundPool::take_idle() {
  if (newest_ == nullptr) return nullptr;
  std::unique_ptr<OutboundConnection> connection(newest_);
  unlink_idle(*connection);
  ++counts_.reused_total;
  return connection;
}

Result<std::unique_ptr<OutboundPool::Pending>> OutboundPool::connect(Connected connected) {
  const bool at_cap = options_.max_open != 0 && open_ >= options_.max_open;
  if (at_cap && counts_.waiting >= int64_t{options_.max_waiting}) {
    return fail(ErrorCode::overloaded, "all " + std::to_string(options_.max_open) + " connections are busy and " +
                                           std::to_string(options_.max_waiting) + " requests are already waiting");
  }
  std::unique_ptr<Pending> pending(new Pending(*this, std::move(connected)));
  if (!at_cap) {
    pending->dial();
    return pending;
  }
  pending->queued_ = true;
  pending->previous_ = last_waiting_;
  (last_waiting_ != nullptr ? last_waiting_->next_ : first_waiting_) = pending.get();
  last_waiting_ = pending.get();
  ++counts_.waiting;
  return pending;
}

void OutboundPool::give_back(std::unique_ptr<OutboundConnection> connection) {
  connection->release();
  if (!connection->reusable()) return close(std::move(connection));
  connection->resume();
  if (Pending* waiting = pop_waiting(); waiting != nullptr) {
    ++counts_.reused_total;
    const Connected connected = std::move(waiting->connected_);  // `waiting` may be destroyed inside
    return connected(std::move(connection));
  }
  if (idle_ >= options_.max_idle || counts_.idle >= counts_.max_idle) {
    return close(std::move(connection));
  }
  OutboundConnection* raw = connection.release();
  raw->idle_in_ = this;
  raw->older_ = newest_;
  (newest_ != nullptr ? newest_->newer_ : oldest_) = raw;
  newest_ = raw;
  ++idle_;
  ++counts_.idle;
  loop_.timers().arm(raw->idle_timeout_, options_.idle_ms);
}

void OutboundPool::idle_connection_died(OutboundConnection& connection) {
  unlink_idle(connection);
  close(std::unique_ptr<OutboundConnection>(&connection));
}

void OutboundPool::unlink_idle(OutboundConnection& connection) {
  (connection.newer_ != nullptr ? connection.newer_->older_ : newest_) = connection.older_;
  (connection.older_ != nullptr ? connection.older_->newer_ : oldest_) = connection.newer_;
  connection.newer_ = connection.older_ = nullptr;
  connection.idle_in_ = nullptr;
  connection.idle_timeout_.cancel();
  --idle_;
  --counts_.idle;
}

void OutboundPool::close(std::unique_ptr<OutboundConnection> connection) {
  connection->stream_->set_events(nullptr);
  loop_.dispose(std::move(connection));
  slot_freed();
}

// One fewer is open: the longest waiting may dial.
void OutboundPool::slot_freed() {
  --open_;
  --counts_.open;
  if (Pending* waiting = pop_waiting(); waiting != nullptr) waiting->dial();
}

OutboundPool::Pending* OutboundPool::pop_waiting() {
  Pending* pending = first_waiting_;
  if (pending != nullptr) unlink_waiting(*pending);
  return pending;
}

void OutboundPool::unlink_waiting(Pending& pending) {
  (pending.previous_ != nullptr ? pending.previous_->next_ : first_waiting_) = pending.next_;
  (pending.next_ != nullptr ? pending.next_->previous_ : last_waiting_) = pending.previous_;
  pending.next_ = pending.previous_ = nullptr;
  pending.queued_ = false;
  --counts_.waiting;
}

void OutboundPool::Pending::dial() {
  counted_ = true;
  ++pool_.open_;
  ++pool_.counts_.open;
  ++pool_.counts_.dialed_total;
  dial_ = pool_.dialer_.dial([this](Result<std::unique_ptr<net::Stream>> stream) {
    if (!stream) {
      const Connected connected = std::move(connected_);  // `this` may be destroyed inside
      return connected(tl::unexpected<Error>(stream.error()));
    }
    std::unique_ptr<OutboundConnection> connection;
    try {
      connection = std::make_unique<OutboundConnection>(std::move(*stream), pool_.options_.limits);
    } catch (const std::bad_alloc&) {
      const Connected connected = std::move(connected_);
      return connected(fail(ErrorCode::overloaded, "out of memory"));
    }
    counted_ = false;  // the connection has the slot now
    const Connected connected = std::move(connected_);
    connected(std::move(connection));
  });
}

OutboundPool::Pending::~Pending() {
  if (queued_) pool_.unlink_waiting(*this);
  dial_.reset();
  if (counted_) pool_.slot_freed();
}

std::string OutboundPool::Pending::stage() const {
  if (queued_) return "waiting for one of " + std::to_string(pool_.options_.max_open) + " connections to be free";
  return dial_ ? dial_->stage() : "connecting";
}

}  // namespace sluice::http
