// The entry point of every request of a worker: sluice's own pages go to their service, everything else becomes an
// exchange.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/context.h"
#include "http/service.h"

namespace sluice::gateway {

// sluice's own pages, made by whoever wires the program.
struct OwnPages {
  std::function<bool(http::Method, std::string_view path)> knows;
  // Whether the page contains nothing secret and may be served to anyone.
  std::function<bool(http::Method, std::string_view path)> is_probe;
  std::unique_ptr<http::Service> service;
};

// Called for each request for a page of sluice's own that is refused, once it has been answered.
using RefusedPage = std::function<void(const http::RequestHead&, const http::Responder&, const Error&, std::string)>;

class Dispatcher final : public http::Service {
 public:
  // `context` must outlive the dispatcher and the exchanges that begin with it.
  Dispatcher(Context& context, OwnPages pages) : context_(&context), pages_(std::move(pages)) {}
  // After each change of `generation`, new requests begin with the context that `renew` returns.
  void follow(const std::atomic<uint64_t>& generation, std::function<Context&()> renew);
  // Checks `generation` now, for a worker that may get no request for long.
  bool keep_up();  // true: it had changed
  std::unique_ptr<http::RequestHandler> handle(const http::RequestHead& head, http::Responder& responder) override;
  // A page of sluice's own, or an exchange.
  std::unique_ptr<http::RequestHandler> dispatch(const http::RequestHead& head, http::Responder& responder);
  void render_error(const http::RequestHead& head, const Error& error, http::Fields& fields,
                    std::string& body) override;

 private:
  [[gnu::cold]] std::unique_ptr<http::RequestHandler> refuse(const Error& error, const http::RequestHead& head,
                                                             http::Responder& responder);
  [[gnu::cold]] std::unique_ptr<http::RequestHandler> answer_page(const Result<WebGate::From>& from,
                                                                  const http::RequestHead& head,
                                                                  http::Responder& responder);

  Context* context_;
  OwnPages pages_;
  const std::atomic<uint64_t>* generation_ = nullptr;
  uint64_t seen_ = 0;
  std::function<Context&()> renew_;
};

}  // namespace sluice::gateway
