#include "gateway/exchange_list.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json_writer.h"

namespace sluice::gateway {
namespace {

std::string census_body(std::vector<ExchangeRow>& rows, size_t total, size_t missing) {
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.since_ns < b.since_ns; });
  const size_t shown = std::min(rows.size(), ExchangeCensus::max_rows);
  std::string body;
  JsonWriter out(body);
  out.object().key("exchanges").array();
  for (size_t i = 0; i < shown; ++i) out.line().raw(rows[i].json);
  out.end_array().line().member("left_out", total - shown).member("missing_workers", missing);
  out.end_object().line_end();
  return body;
}

}  // namespace

void ExchangeList::add(ListedExchange& exchange) {
  exchange.previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &exchange;
  last_ = &exchange;
  ++size_;
  ++added_;
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

void ExchangeCensus::take(net::Loop& loop, size_t workers, Done done) {
  waiting_.push_back(std::move(done));
  if (waiting_.size() > 1) return;
  rows_.clear();
  total_ = 0;
  missing_ = workers;
  if (patience_ == nullptr) patience_ = std::make_unique<net::Timer>(loop, [this] { end(); });
  patience_->start(patience_ms);
  const uint64_t id = ++id_;
  for (size_t i = 0; i < workers; ++i) {
    // The other worker's thread only copies the weak pointer and never locks it.
    ask_(i, [self = weak_from_this(), id, asker = &loop](const ExchangeList& exchanges) {
      auto rows = std::make_shared<std::vector<ExchangeRow>>(exchanges.rows(max_rows, asker->now_ns()));
      asker->post([self, id, rows, total = exchanges.size()] {
        if (const auto alive = self.lock()) alive->on_reply(id, std::move(*rows), total);
      });
    });
  }
}

void ExchangeCensus::on_reply(uint64_t id, std::vector<ExchangeRow> rows, size_t total) {
  if (id != id_ || waiting_.empty()) return;  // too late
  std::move(rows.begin(), rows.end(), std::back_inserter(rows_));
  total_ += total;
  if (--missing_ == 0) end();
}

void ExchangeCensus::end() {
  patience_->stop();
  const std::string body = census_body(rows_, total_, missing_);
  rows_ = {};
  // `done` may call take() again: that starts a new census.
  for (const Done& done : std::exchange(waiting_, {})) done(body);
}

}  // namespace sluice::gateway
