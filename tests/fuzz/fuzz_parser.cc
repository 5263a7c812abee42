// The parser must give the same result however its input is cut. Messages that it accepted, written again as the
// gateway does, must be read back as the same messages: what one parser takes for two requests must not become one, or
// three, for the next.
#include <string>

#include "fuzz/fuzz.h"
#include "http/transcript.h"
#include "http/writer.h"

namespace {

using namespace sluice;
using fuzz::check;
using http::BodyFraming;
using http::Parser;

class Rewriter final : public http::ParserEvents {
 public:
  Rewriter(Parser::Kind kind, const http::ParserLimits& limits) : kind_(kind), parser_(kind, limits, *this) {}

  // All messages written again; empty if one is incomplete, invalid or not HTTP/1.1 (only HTTP/1.1 is written).
  std::string rewrite(std::string_view bytes, bool head_requests) {
    while (!bytes.empty()) {
      if (parser_.message_done()) parser_.next_message();
      if (head_requests && parser_.at_start()) parser_.expect_no_body();
      const Result<size_t> taken = parser_.feed(bytes);
      if (!taken) return {};
      check(*taken > 0, "the parser gets on");
      bytes.remove_prefix(*taken);
    }
    if (!parser_.finish() || old_) return {};
    return out_;
  }

 private:
  Result<void> on_head() override {
    if (kind_ == Parser::Kind::requests) {
      const http::RequestHead& head = parser_.request_head();
      old_ |= head.minor_version == 0;
      write_request_line(out_, head.method, head.target);
      write_fields(head.fields);
      framing_ = head.framing;
    } else {
      const http::ResponseHead& head = parser_.response_head();
      old_ |= head.minor_version == 0;
      out_ += "HTTP/1.1 " + std::to_string(head.status) + " " + head.reason + "\r\n";
      write_fields(head.fields);
      framing_ = head.framing;
    }
    return {};
  }

  void write_fields(const http::Fields& fields) {
    for (size_t i = 0; i < fields.size(); ++i) http::write_field(out_, fields[i].name, fields[i].value);
    http::end_head(out_);
  }

  void on_body(std::string_view bytes) override {
    check(!bytes.empty(), "no empty piece of a body");
    check(framing_ != BodyFraming::none, "no body where none was announced");
    if (framing_ == BodyFraming::chunked) out_ += http::ChunkLine(bytes.size()).view();
    out_ += bytes;
    if (framing_ == BodyFraming::chunked) out_ += "\r\n";
  }

  void on_message_end() override {
    if (framing_ == BodyFraming::chunked) out_ += http::last_chunk;
  }

  const Parser::Kind kind_;
  Parser parser_;
  std::string out_;
  BodyFraming framing_ = BodyFraming::none;
  bool old_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Input input = fuzz::input_of(data, size);
  const auto kind = (input.choice & 1) != 0 ? Parser::Kind::responses : Parser::Kind::requests;
  http::TranscriptOptions options;
  options.head_request = kind == Parser::Kind::responses && (input.choice & 2) != 0;
  if ((input.choice & 4) != 0) {
    options.limits = {.head_bytes = 96,
                      .fields = 4,
                      .target_bytes = 16,
                      .body_bytes = 24,
                      .chunk_extension_bytes = 8,
                      .interim_responses = 2};
  }
  const http::Transcript whole = transcribe(kind, input.bytes, 0, options);
  const http::Transcript cut = transcribe_pieces(kind, fuzz::cut(input.bytes, input.seed), options);
  check(whole.text == cut.text && whole.message == cut.message, "cuts do not matter");
  const std::string anew = Rewriter(kind, options.limits).rewrite(input.bytes, options.head_request);
  if (!anew.empty()) {
    options.limits = {};
    // An empty line after the last request (RFC 9112 2.2) is not written, but starts a next message in the transcript.
    std::string_view text = whole.text;
    while (text.ends_with(' ')) text.remove_suffix(1);
    check(transcribe(kind, anew, 0, options).text == text, "written anew it means the same");
  }
  return 0;
}
