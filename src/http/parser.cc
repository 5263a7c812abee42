#include "http/parser.h"

#include <llhttp.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <variant>

#include "http/guard.h"
#include "http/head_rules.h"

namespace sluice::http {
namespace {

// Indexed by Method: given to llhttp in place of the method that the guard read.
constexpr std::array<std::string_view, 7> method_and_space = {"GET ",   "HEAD ",   "POST ",   "PUT ",
                                                              "PATCH ", "DELETE ", "OPTIONS "};

}  // namespace

struct Parser::State {
  enum class Phase : unsigned char { head, counted, chunked, until_close, done, broken };

  State(Kind kind_, const ParserLimits& limits_, ParserEvents& events_);
  static const llhttp_settings_t* settings();
  static State& of(llhttp_t* parser) { return *static_cast<State*>(parser->data); }

  void restart();
  Result<size_t> feed(std::string_view bytes);
  Result<void> finish();
  size_t feed_guarded(std::string_view bytes);
  size_t feed_plain(std::string_view bytes);
  bool give(std::string_view bytes);
  void check_end(bool ended);
  [[gnu::cold]] bool fail(ErrorCode code, std::string message);
  RequestHead& request() { return *std::get_if<RequestHead>(&head); }
  ResponseHead& response() { return *std::get_if<ResponseHead>(&head); }
  BodyFraming framing() { return kind == Kind::requests ? request().framing : response().framing; }
  bool at_start() const { return phase == Phase::head && interim == 0 && guard.at_start(); }

  int on_field_name(std::string_view piece);
  int on_field_end();
  int on_headers();
  int on_request_headers();
  int on_response_headers();
  bool tell_head();
  void on_complete();

  const Kind kind;
  const ParserLimits limits;
  ParserEvents& events;
  llhttp_t llhttp;
  Guard guard;
  std::variant<RequestHead, ResponseHead> head;
  Fields& fields;
  std::unique_ptr<Error> error;  // set once it is broken
  uint64_t body_left = 0;        // bytes left: of a counted body, or allowed until the close
  size_t interim = 0;            // 1xx answers seen before this one
  Phase phase = Phase::head;
  bool in_name = false;
  bool no_body = false;     // expect_no_body()
  bool is_interim = false;  // the head just read is a 1xx
  bool head_told = false;   // on_head has been called
};

Parser::State::State(Kind kind_, const ParserLimits& limits_, ParserEvents& events_)
    : kind(kind_),
      limits(limits_),
      events(events_),
      guard(kind_, limits),
      head(kind_ == Kind::requests ? decltype(head)(RequestHead()) : decltype(head)(ResponseHead())),
      fields(kind_ == Kind::requests ? request().fields : response().fields) {
  llhttp_init(&llhttp, kind == Kind::requests ? HTTP_REQUEST : HTTP_RESPONSE, settings());
  llhttp.data = this;
}

const llhttp_settings_t* Parser::State::settings() {
  static const llhttp_settings_t table = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_url = [](llhttp_t* p, const char* at, size_t size) { return of(p).request().target.append(at, size), 0; };
    s.on_status = [](llhttp_t* p, const char* at, size_t size) { return of(p).response().reason.append(at, size), 0; };
    s.on_header_field = [](llhttp_t* p, const char* at, size_t size) { return of(p).on_field_name({at, size}); };
    s.on_header_field_complete = [](llhttp_t* p) { return of(p).in_name = false, 0; };
    s.on_header_value = [](llhttp_t* p, const char* at, size_t size) {
      return of(p).fields.append_value({at, size}), 0;
    };
    s.on_header_value_complete = [](llhttp_t* p) { return of(p).on_field_end(); };
    s.on_headers_complete = [](llhttp_t* p) { return of(p).on_headers(); };
    s.on_body = [](llhttp_t* p, const char* at, size_t size) {
      if (size > 0) of(p).events.on_body({at, size});
      return 0;
    };
    s.on_message_complete = [](llhttp_t* p) { return of(p).on_complete(), 0; };
    return s;
  }();
  return &table;
}

void Parser::State::restart() {
  llhttp_reset(&llhttp);
  guard.restart();
  std::visit([](auto& one) { one.clear(); }, head);
  body_left = 0;
  phase = Phase::head;
  in_name = is_interim = head_told = false;
}

// Answers of targets have a single code for all violations.
bool Parser::State::fail(ErrorCode code, std::string message) {
  if (phase == Phase::broken) return false;
  phase = Phase::broken;
  if (kind == Kind::responses) {
    error = std::make_unique<Error>(Error{ErrorCode::target_broke, "malformed answer: " + message});
  } else {
    error = std::make_unique<Error>(Error{code, std::move(message)});
  }
  return false;
}

Result<size_t> Parser::State::feed(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && phase != Phase::done && phase != Phase::broken) {
    const std::string_view rest = bytes.substr(taken);
    taken += phase == Phase::head || phase == Phase::chunked ? feed_guarded(rest) : feed_plain(rest);
  }
  if (phase == Phase::broken) return tl::unexpected<Error>(*error);
  return taken;
}

// Heads and chunked bodies: llhttp sees only what the guard passes, so both stop at the same byte however the input is
// cut.
size_t Parser::State::feed_guarded(std::string_view bytes) {
  const Guard::Step step = guard.next(bytes);
  if (step.use == Guard::Use::method) {
    request().method = guard.method();
    give(method_and_space[static_cast<size_t>(guard.method())]);
  } else if (step.use == Guard::Use::pass && step.bytes > 0) {
    // Read before give(): the head's last byte starts the body.
    const bool whole_head = guard.head_done();
    if (!give(bytes.substr(0, step.bytes))) return step.bytes;
    if (whole_head) {
      if (is_interim) {
        restart();
      } else {
        check_end(framing() < BodyFraming::chunked && body_left == 0);
      }
    } else {
      check_end(false);
    }
  }
  if (guard.chunks_done() && phase == Phase::chunked) {
    if (give("\r\n")) check_end(true);  // the trailers are dropped
  } else if (guard.failed()) {
    Error found = guard.error();
    fail(found.code, std::move(found.message));
  }
  return step.bytes;
}

size_t Parser::State::feed_plain(std::string_view bytes) {
  if (body_left == 0) {
    fail(ErrorCode::body_too_large, "the body is larger than " + std::to_string(limits.body_bytes) + " bytes");
    return 0;
  }
  const auto size = static_cast<size_t>(std::min<uint64_t>(bytes.size(), body_left));
  body_left -= size;
  const bool counted = phase == Phase::counted;
  if (give(bytes.substr(0, size)) && counted) check_end(body_left == 0);
  return size;
}

bool Parser::State::give(std::string_view bytes) {
  if (llhttp_execute(&llhttp, bytes.data(), bytes.size()) == HPE_OK) return true;
  const char* const reason = llhttp_get_error_reason(&llhttp);
  return fail(ErrorCode::bad_request, reason != nullptr && *reason != '\0' ? reason : "malformed HTTP");
}

// If guard and llhttp disagree on where a message ends, it could be request smuggling: the message is rejected.
void Parser::State::check_end(bool ended) {
  if (ended != (phase == Phase::done)) fail(ErrorCode::bad_request, "it is not clear where the body ends");
}

Result<void> Parser::State::finish() {
  if (phase == Phase::broken) return tl::unexpected<Error>(*error);
  if (phase == Phase::done || at_start()) return {};
  if (phase == Phase::until_close && llhttp_finish(&llhttp) == HPE_OK && phase == Phase::done) return {};
  const bool in_head = phase == Phase::head;
  phase = Phase::broken;
  error = std::make_unique<Error>(
      Error{kind == Kind::requests ? ErrorCode::bad_request : ErrorCode::target_cut,
            in_head ? "the connection was closed within the head" : "the connection was closed within the body"});
  return tl::unexpected<Error>(*error);
}

// --- llhttp's callbacks ---

int Parser::State::on_field_name(std::string_view piece) {
  if (!in_name) {
    in_name = true;
    fields.begin();
  }
  fields.append_name(piece);
  return 0;
}

int Parser::State::on_field_end() {
  const Field field = fields[fields.size() - 1];
  // Versions of llhttp disagree on a tab after the value of these two.
  if ((field.name.size() == 14 || field.name.size() == 17) && field.value.find('\t') != std::string_view::npos &&
      (same_name(field.name, "content-length") || same_name(field.name, "transfer-encoding"))) {
    fail(ErrorCode::bad_request, std::string(field.name) + " is malformed");
    return -1;
  }
  fields.end();
  return 0;
}

// 0: a body may follow; 1: none does; -1: an error.
int Parser::State::on_headers() {
  llhttp.upgrade = 0;  // a requested upgrade is not granted: HTTP follows
  return kind == Kind::requests ? on_request_headers() : on_response_headers();
}

int Parser::State::on_request_headers() {
  request().minor_version = llhttp_get_http_minor(&llhttp);
  if (Result<void> good = complete(request()); !good) return fail(good.error().code, good.error().message), -1;
  phase = Phase::counted;
  body_left = request().content_length;
  if (request().framing == BodyFraming::chunked) {
    phase = Phase::chunked;
    guard.begin_chunks();
  } else if (body_left > limits.body_bytes) {
    return fail(ErrorCode::body_too_large, "the body is larger than " + std::to_string(limits.body_bytes) + " bytes"),
           -1;
  }
  return tell_head() ? 0 : -1;
}

int Parser::State::on_response_headers() {
  response().minor_version = llhttp_get_http_minor(&llhttp);
  response().status = llhttp_get_status_code(&llhttp);
  if (response().status < 200) {
    if (response().status == 101)
      return fail(ErrorCode::target_broke, "101 Switching Protocols without a request to switch"), -1;
    if (interim == limits.interim_responses) {
      return fail(ErrorCode::target_broke, "more than " + std::to_string(interim) + " interim answers"), -1;
    }
    ++interim;
    is_interim = true;
    return 1;
  }
  if (Result<void> good = complete(response(), no_body); !good)
    return fail(good.error().code, good.error().message), -1;
  phase = Phase::counted;
  body_left = response().framing == BodyFraming::length ? response().content_length : 0;
  if (response().framing == BodyFraming::chunked) {
    phase = Phase::chunked;
    guard.begin_chunks();
  } else if (response().framing == BodyFraming::until_close) {
    phase = Phase::until_close;
    body_left = limits.body_bytes;
  } else if (body_left > limits.body_bytes) {
    return fail(ErrorCode::body_too_large, "the body is larger than " + std::to_string(limits.body_bytes) + " bytes"),
           -1;
  }
  if (!tell_head()) return -1;
  return response().framing == BodyFraming::none ? 1 : 0;
}

bool Parser::State::tell_head() {
  head_told = true;
  Result<void> good = events.on_head();
  if (good) return true;
  phase = Phase::broken;
  error = std::make_unique<Error>(std::move(good.error()));
  return false;
}

void Parser::State::on_complete() {
  if (is_interim) return;
  phase = Phase::done;
  events.on_message_end();
}

// --- the public interface ---

Parser::Parser(Kind kind, const ParserLimits& limits, ParserEvents& events)
    : state_(std::make_unique<State>(kind, limits, events)) {}
Parser::~Parser() = default;

uint64_t Parser::body_left() const { return state_->phase == State::Phase::counted ? state_->body_left : 0; }
Result<size_t> Parser::feed(std::string_view bytes) { return state_->feed(bytes); }
Result<void> Parser::finish() { return state_->finish(); }

void Parser::next_message() {
  state_->restart();
  state_->no_body = false;
  state_->interim = 0;
}

void Parser::expect_no_body() { state_->no_body = true; }

bool Parser::at_start() const { return state_->at_start(); }

bool Parser::head_done() const { return state_->head_told; }
bool Parser::message_done() const { return state_->phase == State::Phase::done; }
RequestHead& Parser::request_head() { return state_->request(); }
ResponseHead& Parser::response_head() { return state_->response(); }

}  // namespace sluice::http
