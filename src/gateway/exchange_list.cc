#include "gateway/exchange_list.h"

#include <algorithm>

namespace sluice::gateway {

void ExchangeList::add(ListedExchange& exchange) {
  exchange.previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &exchange;
  last_ = &exchange;
  ++size_;
}

void ExchangeList::remove(ListedExchange& exchange) {
  (exchange.previous_ != nullptr ? exchange.previous_->next_ : first_) = exchange.next_;
  (exchange.next_ != nullptr ? exchange.next_->previous_ : last_) = exchange.previous_;
  exchange.next_ = exchange.previous_ = nullptr;
  --size_;
}

std::vector<ExchangeRow> ExchangeList::rows(size_t most, uint64_t now_ns) const {
  std::vector<ExchangeRow> rows;
  rows.reserve(std::min(most, size_));
  for (const ListedExchange* exchange = first_; exchange != nullptr && rows.size() < most; exchange = exchange->next_) {
    exchange->describe(rows.emplace_back(ExchangeRow{exchange->since_ns(), {}}).json, now_ns);
  }
  return rows;
}

}  // namespace sluice::gateway
