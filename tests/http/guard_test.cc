#include "http/guard.h"

#include <catch2/catch.hpp>
#include <string>

namespace sluice::http {
namespace {

constexpr size_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 1000};

// What the guard passes on to llhttp of a request, including the method; "!" and the message for a violation.
std::string let_pass(std::string_view input, size_t piece_bytes, const ParserLimits& limits, bool chunks = false,
                     Parser::Kind kind = Parser::Kind::requests) {
  Guard guard(kind, limits);
  if (chunks) guard.begin_chunks();
  std::string passed;
  for (size_t at = 0; at < input.size(); at += piece_bytes) {
    std::string_view rest = input.substr(at, piece_bytes);
    for (size_t turns = 0; !rest.empty(); ++turns) {
      REQUIRE(turns < 1000);
      if (guard.head_done() || guard.chunks_done()) return passed + "|" + std::string(rest);
      const Guard::Step step = guard.next(rest);
      if (step.use == Guard::Use::method) passed += std::string(name_of(guard.method())) + " ";
      if (step.use == Guard::Use::pass) passed += rest.substr(0, step.bytes);
      rest.remove_prefix(step.bytes);
      if (guard.failed()) return passed + "!" + guard.error().message;
    }
  }
  return passed;
}

void check(std::string_view input, const std::string& passed, bool chunks = false) {
  INFO(input);
  for (const size_t size : sizes) CHECK(let_pass(input, size, {}, chunks) == passed);
}

}  // namespace

TEST_CASE("the bad byte itself never passes") {
  const struct {
    const char *input, *passed;
  } table[] = {
      {"GET /a HTTP/1.1\r\nA: b\r\n\r\n", "GET /a HTTP/1.1\r\nA: b\r\n\r\n"},
      {"\r\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"},
      {"GET /a\x01", "GET /a!invalid character in the target at byte 6 of the head"},
      {"GET / HTTP/1.1\n", "GET / HTTP/1.1!LF without CR at byte 14 of the head"},
      {"GET / HTTP/1.1\rA", "GET / HTTP/1.1\r!CR without LF at byte 15 of the head"},
      {"GET / HTTP/1.1\r\nA: b\nC", "GET / HTTP/1.1\r\nA: b!LF without CR at byte 20 of the head, field 1"},
      {"GET / HTTP/1.1\r\nA: b\r\n c", "GET / HTTP/1.1\r\nA: b\r\n!a folded line at byte 22 of the head, field 1"},
      {"GET / HTTP/1.1\r\nA : b", "GET / HTTP/1.1\r\nA!white space in a field name at byte 17 of the head, field 1"},
      {"BREW / HTTP/1.1\r\n", "!unknown method at byte 4 of the head"},
      {"GET / HTTP/2.0\r\n", "GET / HTTP/!only HTTP/1.0 and HTTP/1.1 are supported, at byte 11 of the head"},
  };
  for (const auto& row : table) check(row.input, row.passed);
}

TEST_CASE("of chunks llhttp sees sizes and data, neither extensions nor trailers") {
  check("2\r\nhi\r\n0\r\n\r\n", "2\r\nhi\r\n0\r\n", true);
  check("2;a=\"x;\\\"y\";b\r\nhi\r\n0;c=d\r\nX: y\r\nZ: \r\n\r\n", "2\r\nhi\r\n0\r\n", true);
  check("2\r\nhi!\r\n", "2\r\nhi!garbage after the data in chunk 1", true);
  check("2\r\nhi\r\n;", "2\r\nhi\r\n!malformed chunk size in chunk 2", true);
  check("0\r\nX: y\r\n z", "0\r\n!a folded line at byte 6 of the trailers", true);
  for (const size_t size : sizes) CHECK(let_pass("0\r\n\r\nGET", size, {}, true).starts_with("0\r\n"));
  CHECK(let_pass("0\r\n\r\nGET", 100, {}, true) == "0\r\n|GET");
}

TEST_CASE("every byte in a value, at every place of a word, is judged alike") {
  for (int byte = 0; byte < 256; ++byte) {
    const bool good = byte == '\t' || (byte >= ' ' && byte != 0x7f);
    for (size_t place = 0; place < 20; ++place) {
      std::string value(20, 'v');
      value[place] = static_cast<char>(byte);
      if (byte == '\r') continue;  // ends the value
      const std::string head = "GET / HTTP/1.1\r\nA:" + value + "\r\n\r\n";
      const std::string passed = let_pass(head, 1000, {});
      INFO("byte " << byte << " at " << place);
      CHECK((passed == head) == good);
      if (!good) CHECK(passed.substr(0, passed.find('!')) == head.substr(0, 18 + place));
      CHECK(let_pass(head, 7, {}) == passed);
    }
  }
}

TEST_CASE("every byte in a name and in a target") {
  const std::string_view separators = "\"(),/:;<=>?@[\\]{}";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool visible = byte > ' ' && byte < 0x7f;
    INFO("byte " << byte);
    const std::string name = std::string("GET / HTTP/1.1\r\nA") + c + "B: x\r\n\r\n";
    const bool token = visible && separators.find(c) == std::string_view::npos;
    CHECK((let_pass(name, 1000, {}) == name) == (token || c == ':'));
    const bool foreign = std::string_view("\"#<>\\^`{|}").find(c) != std::string_view::npos;
    const std::string target = std::string("GET /a") + c + "b HTTP/1.1\r\n\r\n";
    CHECK((let_pass(target, 1000, {}) == target) == (visible && !foreign));
  }
}

TEST_CASE("a guard can be used again after anything") {
  const ParserLimits limits;
  Guard guard(Parser::Kind::requests, limits);
  for (const char* text : {"BAD(", "GET / HTTP/1.1\r\nA: b", "POST /xyz HTT", "\r"}) {
    std::string_view rest = text;
    while (!rest.empty() && !guard.failed()) rest.remove_prefix(guard.next(rest).bytes);
    guard.restart();
    CHECK((guard.at_start() && !guard.failed() && !guard.head_done()));
    rest = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
    while (!rest.empty() && !guard.failed() && !guard.head_done()) rest.remove_prefix(guard.next(rest).bytes);
    CHECK((guard.head_done() && rest.empty()));
    guard.restart();
  }
}

}  // namespace sluice::http
