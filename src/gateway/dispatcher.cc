#include "gateway/dispatcher.h"

#include "api/endpoint.h"
#include "gateway/error_answer.h"
#include "gateway/exchange.h"
#include "gateway/page_answer.h"

namespace sluice::gateway {

std::unique_ptr<http::RequestHandler> Dispatcher::handle(const http::RequestHead& head, http::Responder& responder) {
  if (keep_up() && responder.listener_gone()) [[unlikely]] {
    return refuse({ErrorCode::draining, "sluice no longer listens on this address"}, head, responder);
  }
  if (context_->web == nullptr) return dispatch(head, responder);
  const Result<WebGate::From> from = context_->web->look(head, responder);
  if (!from || *from != WebGate::From::program) return answer_page(from, head, responder);
  return dispatch(head, responder);
}

std::unique_ptr<http::RequestHandler> Dispatcher::dispatch(const http::RequestHead& head, http::Responder& responder) {
  if (pages_.service && pages_.knows(head.method, head.path())) return pages_.service->handle(head, responder);
  auto exchange = std::make_unique<Exchange>(*context_, head, responder);
  exchange->begin();
  return exchange;
}

std::unique_ptr<http::RequestHandler> Dispatcher::refuse(const Error& error, const http::RequestHead& head,
                                                         http::Responder& responder) {
  auto exchange = std::make_unique<Exchange>(*context_, head, responder);
  exchange->begin(&error);
  return exchange;
}

std::unique_ptr<http::RequestHandler> Dispatcher::answer_page(const Result<WebGate::From>& from,
                                                              const http::RequestHead& head,
                                                              http::Responder& responder) {
  const bool is_probe = pages_.service && pages_.is_probe(head.method, head.path());
  if (is_probe && context_->web->is_open()) return dispatch(head, responder);
  if (!from) return refuse(from.error(), head, responder);
  const bool asks_first = *from == WebGate::From::preflight;
  auto answer = std::make_unique<PageAnswer>(responder, context_->web->answer_fields(head, asks_first));
  asks_first ? answer->answer_preflight() : answer->serve(*this, head);
  return answer;
}

void Dispatcher::follow(const std::atomic<uint64_t>& generation, std::function<Context&()> renew) {
  generation_ = &generation;
  seen_ = generation.load(std::memory_order_acquire);
  renew_ = std::move(renew);
}

bool Dispatcher::keep_up() {
  if (generation_ == nullptr) return false;
  const uint64_t generation = generation_->load(std::memory_order_acquire);
  if (generation == seen_) return false;
  seen_ = generation;
  context_ = &renew_();
  return true;
}

void Dispatcher::render_error(const http::RequestHead& head, const Error& error, http::Fields& fields,
                              std::string& body) {
  context_->metrics.malformed_requests_total.add(1);
  context_->metrics.refusals[static_cast<size_t>(error.code)].add(1);
  const Dialect dialect = api::guess_dialect(head.path(), head.fields);
  gateway::render_error(dialect, error, context_->ids.next(), head.path(), context_->loop.clock().unix_s(), fields,
                        body);
  if (context_->web != nullptr) context_->web->add_answer_fields(head, fields);
}

}  // namespace sluice::gateway
