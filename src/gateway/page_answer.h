// The answer to a web page of cors.origins: the normal answer plus the fields that let the browser show it to the page.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "gateway/dispatcher.h"
#include "http/service.h"

namespace sluice::gateway {

// Sits between the connection and the handler that answers. The connection destroys it, and the handler with it.
class PageAnswer final : public http::RequestHandler, http::Responder {
 public:
  // `responder` must outlive it. `lines`: the header lines to add, each with its CRLF.
  PageAnswer(http::Responder& responder, std::string lines) : responder_(responder), lines_(std::move(lines)) {}
  // Call one of them, once. Either may answer immediately.
  void serve(Dispatcher& dispatcher, const http::RequestHead& head) { handler_ = dispatcher.dispatch(head, *this); }
  void answer_preflight();

 private:
  // http::RequestHandler
  void on_body(std::string_view bytes) override;
  void on_body_end() override;
  void on_request_broken(const Error& error) override;
  void on_drained() override;
  void on_caller_gone(const Error& error) override;
  bool goes_on_alone(const Error& error) override { return handler_ && handler_->goes_on_alone(error); }
  // http::Responder
  void send_head_lines(int status, std::string_view field_lines, Length length, std::string_view reason) override;
  void flush_head() override { responder_.flush_head(); }
  void send_body(std::span<const std::string_view> pieces, bool last) override { responder_.send_body(pieces, last); }
  void finish() override { responder_.finish(); }
  void abort() override { responder_.abort(); }
  void let_go() override { responder_.let_go(); }
  bool listener_gone() const override { return responder_.listener_gone(); }
  bool recall_head() override { return responder_.recall_head(); }
  bool head_sent() const override { return responder_.head_sent(); }
  size_t pending_bytes() const override { return responder_.pending_bytes(); }
  void pause_body() override { responder_.pause_body(); }
  void resume_body() override { responder_.resume_body(); }
  std::string peer() const override { return responder_.peer(); }
  uint64_t received_ns() const override { return responder_.received_ns(); }
  uint64_t read_ns() const override { return responder_.read_ns(); }
  uint64_t bytes_in() const override { return responder_.bytes_in(); }
  uint64_t bytes_out() const override { return responder_.bytes_out(); }
  net::Loop& loop() override { return responder_.loop(); }

  http::Responder& responder_;
  std::string lines_;
  std::unique_ptr<http::RequestHandler> handler_;  // null: a preflight, which is answered immediately
};

}  // namespace sluice::gateway
