// Writes HTTP/1.1 heads and chunk framing.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "http/message.h"

namespace sluice::http {

// "HTTP/1.1 200 OK\r\n"; the reason is `reason` if that is not empty, else the registered one for the status (RFC 9110
// 15).
void write_status_line(std::string& out, int status, std::string_view reason = {});
// "POST /v1/x HTTP/1.1\r\n"
void write_request_line(std::string& out, Method method, std::string_view target);
// "name: value\r\n". CR, LF or NUL in a value is a defect of the calling code; asserts.
void write_field(std::string& out, std::string_view name, std::string_view value);
void write_field(std::string& out, std::string_view name, uint64_t value);
inline void end_head(std::string& out) { out += std::string_view("\r\n"); }

// The line before a chunk of `size` bytes, "1f4\r\n". The chunk's bytes and "\r\n" follow.
class ChunkLine {
 public:
  explicit ChunkLine(size_t size);
  std::string_view view() const { return {text_.data() + begin_, text_.size() - begin_}; }

 private:
  std::array<char, 18> text_;
  size_t begin_;
};
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

// "Not Found" for 404; "Unknown" for an unregistered status.
std::string_view reason_of(int status);

}  // namespace sluice::http
