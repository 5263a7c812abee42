// What becomes of a request for a page once Pages has looked at its head: it is answered, will be answered later, or
// has a small body that comes first.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "http/service.h"

namespace sluice::admin {

// The page has answered by the time its handler is made.
class Answered final : public http::RequestHandler {
 public:
  void on_body(std::string_view) override {}
  void on_body_end() override {}
  void on_request_broken(const Error&) override {}
  void on_drained() override {}
  void on_caller_gone(const Error&) override {}
};

// An answer that comes later. Whoever gives it holds giver(), which may outlive handler and caller: then it does
// nothing.
class LaterAnswer final : public http::RequestHandler {
 public:
  LaterAnswer(http::Responder& responder, const http::Fields& fields)
      : slip_(std::make_shared<Slip>(Slip{&responder, fields})) {}
  ~LaterAnswer() override { slip_->responder = nullptr; }

  // The first call answers, others do nothing. Responder's thread only.
  std::function<void(int status, const std::string& body)> giver() const;

  void on_body(std::string_view) override {}
  void on_body_end() override {}
  void on_request_broken(const Error&) override;
  void on_drained() override {}
  void on_caller_gone(const Error&) override { slip_->responder = nullptr; }

 private:
  struct Slip {
    http::Responder* responder;  // nullptr: answered, or nobody waits any more
    const http::Fields fields;
  };
  const std::shared_ptr<Slip> slip_;
};

// Gathers a request's body of at most `max_bytes` and hands it on.
class SmallBody final : public http::RequestHandler {
 public:
  static constexpr size_t max_bytes = 4096;
  // Called once, must answer: with the whole body (the view dies on return), or with what is wrong with it.
  using Whole = std::function<void(const Result<std::string_view>&)>;
  explicit SmallBody(Whole whole) : whole_(std::move(whole)) {}

  void on_body(std::string_view bytes) override;
  void on_body_end() override;
  void on_request_broken(const Error& error) override;
  void on_drained() override {}
  void on_caller_gone(const Error&) override { whole_ = nullptr; }

 private:
  void end(const Result<std::string_view>& body);

  Whole whole_;  // empty: it was called
  std::string body_;
};

}  // namespace sluice::admin
