#include "http/parser.h"

#include <llhttp.h>

#include <catch2/catch.hpp>
#include <iostream>
#include <string>

#include "http/transcript.h"
#include "http/vectors.h"

namespace sluice::http {
namespace {

using namespace std::string_literals;

constexpr auto requests = Parser::Kind::requests;
constexpr auto responses = Parser::Kind::responses;

bool ends_in_error(std::string_view outcome) {
  const size_t mark = outcome.rfind('!');
  return mark != std::string_view::npos &&
         outcome.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", mark + 1) == std::string_view::npos;
}

// However the input is cut, the outcome is the same, including the error's message.
void check(Parser::Kind kind, const Vector& vector, const TranscriptOptions& options = {}) {
  INFO(vector.name);
  const Transcript whole = transcribe(kind, vector.input, 0, options);
  CHECK(whole.text == vector.outcome);
  CHECK(whole.message.empty() == !ends_in_error(vector.outcome));
  for (const size_t size : piece_sizes) {
    INFO("in pieces of " << size);
    const Transcript cut = transcribe(kind, vector.input, size, options);
    CHECK(cut.text == whole.text);
    CHECK(cut.message == whole.message);
  }
  for (size_t at = 1; at < vector.input.size(); ++at) {
    const Transcript cut = transcribe_cut(kind, vector.input, at, options);
    if (cut.text != whole.text || cut.message != whole.message) {
      INFO("cut at " << at);
      CHECK(cut.text == whole.text);
      CHECK(cut.message == whole.message);
    }
  }
}

// Like check(), for generated input.
void check_limit(Parser::Kind kind, const std::string& name, const std::string& input, const ParserLimits& limits,
                 std::string_view ending) {
  INFO(name);
  TranscriptOptions options;
  options.limits = limits;
  const Transcript whole = transcribe(kind, input, 0, options);
  const std::string_view end =
      std::string_view(whole.text).substr(whole.text.size() - std::min(whole.text.size(), ending.size()));
  CHECK(end == ending);
  for (const size_t size : piece_sizes) {
    const Transcript cut = transcribe(kind, input, size, options);
    CHECK(cut.text == whole.text);
    CHECK(cut.message == whole.message);
  }
}

}  // namespace

TEST_CASE("llhttp is strict: no lenient flag is set, and old versions are built in strict mode") {
  CHECK((LLHTTP_VERSION_MAJOR >= 9 || LLHTTP_STRICT_MODE == 1));
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  CHECK(parser.lenient_flags == 0);
  // The library must be compiled strict too: in loose mode it accepts a bare CR here.
  const std::string bare = "GET / HTTP/1.1\r\nA: b\r\n\rX";
  CHECK(llhttp_execute(&parser, bare.data(), bare.size()) != HPE_OK);
}

TEST_CASE("requests that are taken") {
  for (const Vector& vector : good_requests()) check(requests, vector);
}

TEST_CASE("requests that are refused") {
  for (const Vector& vector : bad_requests()) {
    check(requests, vector);
    INFO(vector.name);
    CHECK(ends_in_error(vector.outcome));
  }
}

TEST_CASE("answers that are taken") {
  for (const Vector& vector : good_responses()) check(responses, vector);
  TranscriptOptions options;
  options.head_request = true;
  for (const Vector& vector : head_responses()) check(responses, vector, options);
}

TEST_CASE("answers that are refused") {
  for (const Vector& vector : bad_responses()) {
    check(responses, vector);
    INFO(vector.name);
    CHECK(ends_in_error(vector.outcome));
  }
}

TEST_CASE("the vectors are as many as they should be") {
  const size_t request_count = good_requests().size() + bad_requests().size();
  const size_t response_count = good_responses().size() + head_responses().size() + bad_responses().size();
  std::cout << request_count << " request vectors, " << response_count << " response vectors, llhttp "
            << LLHTTP_VERSION_MAJOR << '.' << LLHTTP_VERSION_MINOR << '.' << LLHTTP_VERSION_PATCH << '\n';
  CHECK(request_count >= 120);
  CHECK(response_count >= 40);
}

TEST_CASE("head limit") {
  ParserLimits limits;
  limits.head_bytes = 60;
  const auto request = [](size_t size) {
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ", end = "\r\n\r\n";
    return start + std::string(size - start.size() - end.size(), 'v') + end;
  };
  check_limit(requests, "at the edge", request(60), limits, "}.");
  check_limit(requests, "beyond", request(61), limits, "!head_too_large");
  check_limit(requests, "far beyond", request(600), limits, "!head_too_large");
  check_limit(requests, "an empty line before does not count", "\r\n" + request(60), limits, "}.");
  check_limit(requests, "anew for each message", request(60) + request(60), limits, "}.");
  check_limit(requests, "second message beyond", request(60) + request(61), limits, ". !head_too_large");
  limits.head_bytes = 40;
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 00000";
  check_limit(responses, "answer at the edge", answer.substr(0, 36) + "\r\n\r\n", limits, "}.");
  check_limit(responses, "answer beyond", answer.substr(0, 37) + "\r\n\r\n", limits, "!target_broke");
}

TEST_CASE("default head limit is 64 KiB") {
  const auto request = [](size_t size) {
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ", end = "\r\n\r\n";
    return start + std::string(size - start.size() - end.size(), 'v') + end;
  };
  check_limit(requests, "at the edge", request(64 * 1024), {}, "}.");
  check_limit(requests, "beyond", request(64 * 1024 + 1), {}, "!head_too_large");
}

TEST_CASE("field limit") {
  const auto request = [](int fields) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 1; i < fields; ++i) text += "X: y\r\n";
    return text + "\r\n";
  };
  check_limit(requests, "100 fields", request(100), {}, "}.");
  check_limit(requests, "101 fields", request(101), {}, "!head_too_large");
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  std::string trailers;
  for (int i = 0; i < 98; ++i) trailers += "X: y\r\n";
  check_limit(requests, "trailers count with them", head + trailers + "\r\n", {}, "}.");
  check_limit(requests, "one trailer too many", head + trailers + "X: y\r\n\r\n", {}, "!head_too_large");
  std::string answer = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 101; ++i) answer += "X: y\r\n";
  check_limit(responses, "answer with 101 fields", answer + "\r\n", {}, "!target_broke");
}

TEST_CASE("target limit") {
  const auto request = [](size_t size) {
    return "GET /" + std::string(size - 1, 'p') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  check_limit(requests, "at the edge", request(8 * 1024), {}, "}.");
  check_limit(requests, "beyond", request(8 * 1024 + 1), {}, "!target_uri_too_long");
  ParserLimits limits;
  limits.target_bytes = 10;
  check_limit(requests, "small, at the edge", request(10), limits, "}.");
  check_limit(requests, "small, beyond", request(11), limits, "!target_uri_too_long");
  check_limit(requests, "absolute-form counts as sent", "GET http://abc HTTP/1.1\r\nHost: a\r\n\r\n", limits, "}.");
  check_limit(requests, "absolute-form beyond", "GET http://abcd HTTP/1.1\r\nHost: a\r\n\r\n", limits,
              "!target_uri_too_long");
}

TEST_CASE("body limit") {
  ParserLimits limits;
  limits.body_bytes = 10;
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  check_limit(requests, "length at the edge", head + "Content-Length: 10\r\n\r\n0123456789", limits, "<0123456789>.");
  check_limit(requests, "length beyond, told at the head", head + "Content-Length: 11\r\n\r\n", limits,
              "!body_too_large");
  CHECK(transcribe(requests, head + "Content-Length: 11\r\n\r\n", 0, {limits}).text == "!body_too_large");
  check_limit(requests, "chunks at the edge", chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", limits,
              "<0123456789>.");
  check_limit(requests, "chunks beyond", chunked + "5\r\n01234\r\n6\r\n56789a\r\n0\r\n\r\n", limits,
              "<01234>!body_too_large");
  check_limit(requests, "one huge chunk", chunked + "ffffffffffffffff\r\n", limits, "}!body_too_large");
  check_limit(responses, "until the close, at the edge", "HTTP/1.1 200 OK\r\n\r\n0123456789", limits, "<0123456789>.");
  check_limit(responses, "until the close, beyond", "HTTP/1.1 200 OK\r\n\r\n0123456789a", limits,
              "<0123456789>!target_broke");
  check_limit(responses, "answer beyond", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", limits, "!target_broke");
  limits.body_bytes = 0;
  check_limit(requests, "nothing allowed, nothing sent", head + "Content-Length: 0\r\n\r\n", limits, "}.");
  check_limit(requests, "nothing allowed, one sent", head + "Content-Length: 1\r\n\r\nx", limits, "!body_too_large");
}

TEST_CASE("chunk extension limit") {
  const auto request = [](size_t first, size_t second) {
    return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(first - 1, 'e') +
           "\r\nx\r\n0;" + std::string(second - 1, 'e') + "\r\n\r\n";
  };
  check_limit(requests, "at the edge", request(2048, 2048), {}, "<x>.");
  check_limit(requests, "beyond", request(2048, 2049), {}, "<x>!bad_request");
  check_limit(requests, "beyond at once", request(4097, 10), {}, "}!bad_request");
}

TEST_CASE("trailer limit") {
  ParserLimits limits;
  limits.head_bytes = 70;
  const auto request = [](size_t size) {
    return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(size - 7, 'v') +
           "\r\n\r\n";
  };
  check_limit(requests, "at the edge", request(70), limits, "}.");
  check_limit(requests, "beyond", request(71), limits, "!head_too_large");
}

TEST_CASE("interim answers are counted anew for each message") {
  ParserLimits limits;
  limits.interim_responses = 1;
  const std::string interim = "HTTP/1.1 100 C\r\n\r\n", final = "HTTP/1.1 204 N\r\n\r\n";
  check_limit(responses, "at the edge", interim + final + interim + final, limits, "204 \"N\" 1.1 {}.");
  check_limit(responses, "beyond", interim + final + interim + interim + final, limits, ". !target_broke");
  limits.interim_responses = 0;
  check_limit(responses, "none allowed", interim + final, limits, "!target_broke");
}

TEST_CASE("error messages say where, and tell no values") {
  const auto message = [](const std::string& input) { return transcribe(requests, input, 0).message; };
  CHECK(message("GET / HTTP/1.1\r\nHost: a\r\nX: y\n\r\n") == "LF without CR at byte 29 of the head, field 2");
  CHECK(message("GET / HTTP/1.1\r\nHost : a\r\n\r\n") == "white space in a field name at byte 20 of the head, field 1");
  CHECK(message("GET / HTTP/3.0\r\n") == "only HTTP/1.0 and HTTP/1.1 are supported, at byte 11 of the head");
  CHECK(message("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nx") ==
        "malformed chunk size in chunk 2");
  CHECK(message("GET /" + std::string(9000, 'a')) == "the target is longer than 8192 bytes");
  CHECK(message("GET / HTTP/1.1\r\n\r\n") == "Host is missing");
  const std::string secrets[] = {
      "Authorization: secret\x01\r\n\r\n"s,
      "Content-Length: secret\r\n\r\n",
      "Host: secret secret\r\n\r\n",
      "Transfer-Encoding: secret\r\n\r\n",
      "X: secret\n\r\n",
      "Expect: secret\r\n\r\n",
  };
  for (const std::string& secret : secrets) {
    const std::string text = message("POST /secret HTTP/1.1\r\nHost: a\r\n" + secret);
    INFO(text);
    CHECK_FALSE(text.empty());
    CHECK(text.find("secret") == std::string::npos);
  }
}

namespace {

struct Quiet final : ParserEvents {
  Result<void> on_head() override {
    ++heads;
    if (refuse) return fail(ErrorCode::draining, "going down");
    return {};
  }
  void on_body(std::string_view bytes) override { body += bytes; }
  void on_message_end() override { ++ends; }
  int heads = 0, ends = 0;
  bool refuse = false;
  std::string body;
};

}  // namespace

TEST_CASE("a parser tells where it is") {
  Quiet events;
  Parser parser(requests, {}, events);
  CHECK(parser.at_start());
  REQUIRE(parser.finish());
  REQUIRE(parser.feed("\r\n").value() == 2);
  CHECK(parser.at_start());
  REQUIRE(parser.finish());
  REQUIRE(parser.feed("P").value() == 1);
  CHECK_FALSE(parser.at_start());
  REQUIRE(parser.feed("OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n").value() == 46);
  CHECK((parser.head_done() && !parser.message_done()));
  const std::string rest = "hiGET / HTTP/1.1\r\n";
  REQUIRE(parser.feed(rest).value() == 2);
  CHECK(parser.message_done());
  CHECK(parser.feed("GET").value() == 0);
  REQUIRE(parser.finish());
  parser.next_message();
  CHECK((parser.at_start() && !parser.head_done() && !parser.message_done()));
  CHECK(parser.request_head().fields.empty());
  CHECK((events.heads == 1 && events.ends == 1 && events.body == "hi"));
}

TEST_CASE("on_head can stop the parsing with an error of its own") {
  for (const auto kind : {requests, responses}) {
    Quiet events;
    events.refuse = true;
    Parser parser(kind, {}, events);
    const Result<size_t> fed =
        parser.feed(kind == requests ? "GET / HTTP/1.1\r\nHost: a\r\n\r\n" : "HTTP/1.1 204 N\r\n\r\n");
    REQUIRE_FALSE(fed);
    CHECK(fed.error().code == ErrorCode::draining);
    CHECK(fed.error().message == "going down");
    CHECK(parser.head_done());
    CHECK(events.ends == 0);
    CHECK_FALSE(parser.feed("x"));  // an error is final
    CHECK_FALSE(parser.finish());
  }
}

TEST_CASE("after an error in the head what was understood can be read") {
  Quiet events;
  Parser parser(requests, {}, events);
  CHECK_FALSE(parser.feed("POST /v1/messages HTTP/1.1\r\nHost: a\r\nX-Api-Key: k\r\nBad Name: x\r\n\r\n"));
  CHECK_FALSE(parser.head_done());
  CHECK(parser.request_head().method == Method::post);
  CHECK(parser.request_head().target == "/v1/messages");
  CHECK(parser.request_head().fields.find("x-api-key") == "k");
}

}  // namespace sluice::http
