// Where every request of a worker comes in: sluice's own pages go to their service, all else becomes an exchange.
#pragma once

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
  std::unique_ptr<http::Service> service;
};

class Front final : public http::Service {
 public:
  // `context` must outlive the front.
  Front(Context& context, OwnPages pages) : context_(context), pages_(std::move(pages)) {}
  std::unique_ptr<http::RequestHandler> handle(const http::RequestHead& head, http::Responder& responder) override;
  void render_error(const http::RequestHead& head, const Error& error, http::Fields& fields,
                    std::string& body) override;

 private:
  Context& context_;
  OwnPages pages_;
};

}  // namespace sluice::gateway
