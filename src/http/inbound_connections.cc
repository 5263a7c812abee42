// All connections of a worker's callers: inbound_connection.h.
#include <algorithm>

#include "http/inbound_connection.h"

namespace sluice::http {

InboundConnections::InboundConnections(net::Loop& loop, Service& service, const InboundOptions& options, Closed closed)
    : loop_(loop), service_(service), options_(options), closed_(std::move(closed)) {}

InboundConnections::~InboundConnections() {
  while (first_ != nullptr) {
    InboundConnection* connection = first_;
    connection->mark_cut();
    connection->handler_.reset();
    first_ = connection->next_;
    delete connection;
  }
}

void InboundConnections::add(std::unique_ptr<net::Stream> stream, uint32_t listener) {
  auto* connection = new InboundConnection(*this, std::move(stream), listener);
  connection->next_ = first_;
  if (first_ != nullptr) first_->previous_ = connection;
  first_ = connection;
  ++size_;
}

void InboundConnections::drain(Patience patience) {
  draining_ = true;
  InboundConnection* next = nullptr;
  for (InboundConnection* connection = first_; connection != nullptr; connection = next) {
    next = connection->next_;
    connection->drain(patience);
  }
}

void InboundConnections::keep_only(std::span<const uint32_t> kept) {
  InboundConnection* next = nullptr;
  for (InboundConnection* connection = first_; connection != nullptr; connection = next) {
    next = connection->next_;
    if (std::find(kept.begin(), kept.end(), connection->listener_) == kept.end()) connection->lose_listener();
  }
}

void InboundConnections::cut_all(const Error& error) {
  draining_ = true;
  InboundConnection* next = nullptr;
  for (InboundConnection* connection = first_; connection != nullptr; connection = next) {
    next = connection->next_;
    if (connection->serving()) connection->refuse(error);
  }
}

void InboundConnections::gone(InboundConnection& connection) {
  if (connection.previous_ != nullptr) connection.previous_->next_ = connection.next_;
  if (connection.next_ != nullptr) connection.next_->previous_ = connection.previous_;
  if (first_ == &connection) first_ = connection.next_;
  connection.next_ = connection.previous_ = nullptr;
  --size_;
  loop_.dispose(std::unique_ptr<InboundConnection>(&connection));
  if (closed_) closed_(size_);
}

}  // namespace sluice::http
