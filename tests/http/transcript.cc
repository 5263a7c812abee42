#include "http/transcript.h"

#include <memory>

namespace sluice::http {
namespace {

class Writer final : ParserEvents {
 public:
  Writer(Parser::Kind kind, const TranscriptOptions& options)
      : kind_(kind), options_(options), parser_(kind, options.limits, *this) {
    begin();
  }

  // False after an error.
  bool feed(std::string_view bytes) {
    // A copy of the exact size, so that a sanitizer sees a read past the end.
    const auto copy = std::make_unique<char[]>(bytes.size());
    bytes.copy(copy.get(), bytes.size());
    std::string_view rest(copy.get(), bytes.size());
    while (!rest.empty()) {
      if (parser_.message_done()) begin_next();
      const Result<size_t> taken = parser_.feed(rest);
      if (!taken) return failed(taken.error());
      if (*taken == 0 || (*taken < rest.size() && !parser_.message_done()))
        return failed({ErrorCode::internal, "stuck"});
      rest.remove_prefix(*taken);
    }
    return true;
  }

  void finish() {
    const Result<void> ended = parser_.finish();
    if (!ended) failed(ended.error());
  }

  Transcript take() { return std::move(transcript_); }

 private:
  void begin() {
    if (options_.head_request) parser_.expect_no_body();
  }
  void begin_next() {
    parser_.next_message();
    transcript_.text += ' ';
    begin();
  }

  bool failed(const Error& error) {
    end_body();
    transcript_.text += '!';
    transcript_.text += name_of(error.code);
    transcript_.message = error.message;
    return false;
  }

  void end_body() {
    if (in_body_) transcript_.text += '>';
    in_body_ = false;
  }

  void write_rest_of_head(uint8_t minor, BodyFraming framing, uint64_t length, bool keep_alive) {
    std::string& out = transcript_.text;
    out += minor == 1 ? " 1.1" : " 1.0";
    if (framing == BodyFraming::length) out += " len=" + std::to_string(length);
    if (framing == BodyFraming::chunked) out += " chunked";
    if (framing == BodyFraming::until_close) out += " until_close";
    if (!keep_alive) out += " close";
  }

  static void write_fields(std::string& out, const Fields& fields) {
    out += " {";
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) out += "; ";
      out.append(fields[i].name).append(": ").append(fields[i].value);
    }
    out += '}';
  }

  Result<void> on_head() override {
    std::string& out = transcript_.text;
    if (kind_ == Parser::Kind::requests) {
      const RequestHead& head = parser_.request_head();
      out.append(name_of(head.method)).append(" ").append(head.target);
      write_rest_of_head(head.minor_version, head.framing, head.content_length, head.keep_alive);
      if (head.expects_continue) out += " continue";
      if (head.wants_websocket) out += " websocket";
      write_fields(out, head.fields);
    } else {
      const ResponseHead& head = parser_.response_head();
      out += std::to_string(head.status);
      if (!head.reason.empty()) out += " \"" + head.reason + "\"";
      write_rest_of_head(head.minor_version, head.framing, head.content_length, head.keep_alive);
      write_fields(out, head.fields);
    }
    return {};
  }

  void on_body(std::string_view bytes) override {
    if (!in_body_) transcript_.text += " <";
    in_body_ = true;
    transcript_.text += bytes.empty() ? "EMPTY" : bytes;
  }

  void on_message_end() override {
    end_body();
    transcript_.text += '.';
  }

  const Parser::Kind kind_;
  const TranscriptOptions options_;
  Parser parser_;
  Transcript transcript_;
  bool in_body_ = false;
};

}  // namespace

Transcript transcribe_pieces(Parser::Kind kind, const std::vector<std::string_view>& pieces,
                             const TranscriptOptions& options) {
  Writer writer(kind, options);
  for (const std::string_view piece : pieces) {
    if (!writer.feed(piece)) return writer.take();
  }
  writer.finish();
  return writer.take();
}

Transcript transcribe(Parser::Kind kind, std::string_view input, size_t piece_bytes, const TranscriptOptions& options) {
  std::vector<std::string_view> pieces;
  if (piece_bytes == 0) piece_bytes = input.size();
  for (size_t at = 0; at < input.size(); at += piece_bytes) pieces.push_back(input.substr(at, piece_bytes));
  return transcribe_pieces(kind, pieces, options);
}

Transcript transcribe_cut(Parser::Kind kind, std::string_view input, size_t at, const TranscriptOptions& options) {
  return transcribe_pieces(kind, {input.substr(0, at), input.substr(at)}, options);
}

}  // namespace sluice::http
