#include "gateway/page_answer.h"

#include "base/give_back.h"
#include "base/time_text.h"
#include "http/writer.h"
#include "net/clock.h"
#include "net/loop.h"

namespace sluice::gateway {

void PageAnswer::answer_preflight() {
  http::write_field(lines_, "date", http_date(loop().clock().unix_s()));
  responder_.send_head_lines(204, lines_, {0}, {});
  responder_.finish();
}

void PageAnswer::on_body(std::string_view bytes) {
  if (handler_) handler_->on_body(bytes);
}

void PageAnswer::on_body_end() {
  if (handler_) handler_->on_body_end();
}

void PageAnswer::on_request_broken(const Error& error) {
  if (handler_) handler_->on_request_broken(error);
}

void PageAnswer::on_drained() {
  if (handler_) handler_->on_drained();
}

void PageAnswer::on_caller_gone(const Error& error) {
  if (handler_) handler_->on_caller_gone(error);
}

void PageAnswer::send_head_lines(int status, std::string_view field_lines, Length length, std::string_view reason) {
  lines_ += field_lines;
  responder_.send_head_lines(status, lines_, length, reason);
  give_back(lines_);
}

}  // namespace sluice::gateway
