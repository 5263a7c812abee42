#include "http/writer.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

namespace sluice::http {

TEST_CASE("status lines") {
  const struct {
    int status;
    const char *reason, *line;
  } table[] = {
      {200, "", "HTTP/1.1 200 OK\r\n"},        {200, "Fine", "HTTP/1.1 200 Fine\r\n"},
      {404, "", "HTTP/1.1 404 Not Found\r\n"}, {431, "", "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
      {299, "", "HTTP/1.1 299 Unknown\r\n"},   {529, "Overloaded", "HTTP/1.1 529 Overloaded\r\n"},
  };
  for (const auto& row : table) {
    std::string out;
    write_status_line(out, row.status, row.reason);
    CHECK(out == row.line);
  }
}

TEST_CASE("a whole head is appended") {
  std::string out = "before|";
  write_request_line(out, Method::del, "/v1/x?y=z");
  write_field(out, "host", "a:80");
  write_field(out, "x-empty", "");
  write_field(out, "content-length", uint64_t{0});
  write_field(out, "n", UINT64_MAX);
  end_head(out);
  CHECK(out ==
        "before|DELETE /v1/x?y=z HTTP/1.1\r\nhost: a:80\r\nx-empty: \r\ncontent-length: 0\r\nn: "
        "18446744073709551615\r\n\r\n");
}

TEST_CASE("chunk lines") {
  const struct {
    size_t size;
    const char* line;
  } table[] = {{0, "0\r\n"},
               {1, "1\r\n"},
               {15, "f\r\n"},
               {16, "10\r\n"},
               {500, "1f4\r\n"},
               {65536, "10000\r\n"},
               {SIZE_MAX, "ffffffffffffffff\r\n"}};
  for (const auto& row : table) CHECK(ChunkLine(row.size).view() == row.line);
  CHECK(last_chunk == "0\r\n\r\n");
}

TEST_CASE("reasons") {
  CHECK(reason_of(413) == "Content Too Large");
  CHECK(reason_of(503) == "Service Unavailable");
  CHECK(reason_of(599) == "Unknown");
  for (int status = 100; status < 600; ++status) CHECK_FALSE(reason_of(status).empty());
}

}  // namespace sluice::http
