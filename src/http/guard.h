// Checks the raw bytes of heads and of chunked framing before llhttp does. Stops at the first byte that a proxy must
// not forward (RFC 9112 2.2, 3, 4, 5, 7.1): bare CR or LF, folded lines, control characters, white space before a
// colon, unsupported versions and methods, sloppy chunk sizes; or at the first byte over a limit.
//
// It sees every byte once, in pieces cut anywhere; the result depends on the bytes only, never on the cuts. Chunk
// extensions, trailers and the method are read here only: llhttp gets the method's name once it is known to be a
// supported one.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "http/message.h"
#include "http/parser.h"

namespace sluice::http {

class Guard {
 public:
  // What to do with the bytes that were checked.
  enum class Use : unsigned char {
    pass,    // llhttp may see them
    drop,    // no code needs them
    method,  // they end the method: llhttp gets its name instead
  };
  struct Step {
    size_t bytes;
    Use use;
  };

  Guard(Parser::Kind kind, const ParserLimits& limits);
  // For the head of the next message.
  void restart();
  // After a head whose body is chunked.
  void begin_chunks();
  // Checks some of `bytes`: up to where their use changes, where the head or the chunked body ends, or a violation.
  // Takes at least one byte or changes state, so a loop over it ends.
  Step next(std::string_view bytes);

  // Nothing of a message has arrived; an empty line before a request does not count.
  bool at_start() const { return state_ == State::start || state_ == State::start_lf || state_ == State::first; }
  bool head_done() const { return state_ == State::head_end; }
  bool chunks_done() const { return state_ == State::chunks_end; }
  bool failed() const { return state_ == State::failed; }
  Error error() const;                       // after failed()
  Method method() const { return method_; }  // after Use::method

 private:
  // clang-format off
  enum class State : unsigned char {
    start, start_lf, first,                                        // one empty line may come before a request
    method, target_first, target, asterisk, target_cr, version, version_end,  // of a request
    status_version, status_code, status_code_end, reason,          // of a response
    line_lf, line, name, value, end_lf, head_end,                  // the fields; trailers too
    size_first, size, size_cr, size_lf, data, data_cr, data_lf,    // chunks
    extension, ext_name_first, ext_name, ext_value_first, ext_value, ext_quoted, ext_escaped, ext_quoted_end,
    chunks_end, failed,
  };
  // clang-format on

  Step next_at_start(std::string_view bytes);
  Step next_in_head(std::string_view bytes);
  Step next_in_chunks(std::string_view bytes);
  // Each scans from p and returns where it stopped: at `end`, at a byte that fails, or where another scan takes over.
  const char* scan_method(const char* p, const char* end);
  const char* scan_target(const char* p, const char* end);
  const char* scan_version(const char* p, const char* end);
  const char* scan_status(const char* p, const char* end);
  const char* scan_fields(const char* p, const char* end);
  const char* scan_chunks(const char* p, const char* end);
  const char* scan_extension(const char* p, const char* end);
  void end_method();
  void begin_target(char c);
  void begin_field();
  void begin_chunk();
  [[gnu::cold]] void fail(ErrorCode code, std::string_view what);

  const ParserLimits& limits_;
  const Parser::Kind kind_;
  State state_ = State::start;
  Method method_ = Method::get;
  bool trailer_ = false;
  ErrorCode code_ = ErrorCode::bad_request;
  uint8_t matched_ = 0;          // bytes so far of the method, version, status code or chunk size
  std::array<char, 8> token_{};  // the method so far
  size_t bytes_ = 0;             // of the head, or of the trailers
  size_t target_bytes_ = 0;
  size_t fields_ = 0;  // of the head and the trailers
  size_t extension_bytes_ = 0;
  uint64_t chunk_bytes_ = 0;  // left of this chunk
  uint64_t body_bytes_ = 0;   // of all chunks so far
  uint64_t chunks_ = 0;
  std::string_view what_;  // a literal: the violation
};

}  // namespace sluice::http
