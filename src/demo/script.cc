#include "demo/script.h"

namespace sluice::demo {

void Script::open(std::string& out) {
  if (!begun_) begin(out);
  begun_ = true;
}

bool Script::next(std::string& out) {
  open(out);
  if (text_at_ < reply_.text.size()) {
    if (text_at_ == 0) text_begin(out);
    const std::string_view piece = word_at(reply_.text, text_at_);
    text_piece(out, piece);
    text_at_ += piece.size();
    if (text_at_ == reply_.text.size()) text_end(out);
  } else if (call_ < reply_.calls.size()) {
    next_of_call(out);
  }
  return text_at_ < reply_.text.size() || call_ < reply_.calls.size();
}

void Script::next_of_call(std::string& out) {
  const ToolCall& call = reply_.calls[call_];
  if (argument_at_ == 0) call_begin(out, call_, call);
  const std::string_view piece = slice_at(call.arguments, argument_at_, reply_.slice_bytes);
  call_piece(out, call_, call, piece);
  argument_at_ += piece.size();
  if (argument_at_ < call.arguments.size()) return;
  call_end(out, call_, call);
  argument_at_ = 0;
  ++call_;
}

void add_sse(std::string& out, std::string_view event, std::string_view data) {
  if (!event.empty()) {
    out += "event: ";
    out += event;
    out += '\n';
  }
  out += "data: ";
  out += data;
  out += "\n\n";
}

}  // namespace sluice::demo
