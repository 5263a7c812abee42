// What Pages does with a request after looking at its head: it has answered, it will answer later, or it waits for a
// small body.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "http/service.h"

namespace sluice::admin {

// The page has answered before this handler is made.
class Answered final : public http::RequestHandler {
 public:
  void on_body(std::string_view) override {}
  void on_body_end() override {}
  void on_request_broken(const Error&) override {}
  void on_drained() override {}
  void on_caller_gone(const Error&) override {}
};

// An answer that comes later, through giver(). That function may outlive the handler and the caller; it then does
// nothing.
class LaterAnswer final : public http::RequestHandler {
 public:
  LaterAnswer(http::Responder& responder, const http::Fields& fields)
      : slip_(std::make_shared<Slip>(Slip{&responder, fields})) {}
  ~LaterAnswer() override { slip_->responder = nullptr; }

  // The first call answers; later calls do nothing. Responder's thread only.
  std::function<void(int status, const std::string& body)> giver() const;

  void on_body(std::string_view) override {}
  void on_body_end() override {}
  void on_request_broken(const Error&) override;
  void on_drained() override {}
  void on_caller_gone(const Error&) override { slip_->responder = nullptr; }

 private:
  struct Slip {
    http::Responder* responder;  // nullptr: answered, or the caller is gone
    const http::Fields fields;
  };
  const std::shared_ptr<Slip> slip_;
};

// Gathers a request's body of at most `max_bytes` and passes it on.
class SmallBody final : public http::RequestHandler {
 public:
  static constexpr size_t max_bytes = 4096;
  // Called once and must answer. Gets the whole body (the view must not outlive the call), or what is wrong with it.
  using Whole = std::function<void(const Result<std::string_view>&)>;
  explicit SmallBody(Whole whole) : whole_(std::move(whole)) {}

  void on_body(std::string_view bytes) override;
  void on_body_end() override;
  void on_request_broken(const Error& error) override;
  void on_drained() override {}
  void on_caller_gone(const Error&) override { whole_ = nullptr; }

 private:
  void end(const Result<std::string_view>& body);

  Whole whole_;  // empty: already called
  std::string body_;
};

}  // namespace sluice::admin
