#include "admin/handlers.h"

namespace sluice::admin {

std::function<void(int status, const std::string& body)> LaterAnswer::giver() const {
  return [slip = slip_](int status, const std::string& body) {
    if (http::Responder* const responder = std::exchange(slip->responder, nullptr); responder != nullptr) {
      responder->answer(status, slip->fields, body);
    }
  };
}

// The page takes no request body, but one was sent and it broke.
void LaterAnswer::on_request_broken(const Error&) {
  if (http::Responder* const responder = std::exchange(slip_->responder, nullptr); responder != nullptr) {
    responder->abort();
  }
}

void SmallBody::on_body(std::string_view bytes) {
  if (!whole_) return;
  if (body_.size() + bytes.size() > max_bytes) {
    return end(fail(ErrorCode::body_too_large, "this page takes " + std::to_string(max_bytes) + " bytes at most"));
  }
  body_ += bytes;
}

void SmallBody::on_body_end() { end(std::string_view(body_)); }

void SmallBody::on_request_broken(const Error& error) { end(tl::unexpected<Error>(error)); }

void SmallBody::end(const Result<std::string_view>& body) {
  if (const Whole whole = std::exchange(whole_, nullptr); whole) whole(body);
}

}  // namespace sluice::admin
