#include "http/guard.h"

#include <algorithm>
#include <string>

#include "http/characters.h"

namespace sluice::http {
namespace {

constexpr size_t method_bytes = 32;  // no method of ours is longer
constexpr uint8_t size_digits = 16;  // of a chunk: 64 bits

}  // namespace

Guard::Guard(Parser::Kind kind, const ParserLimits& limits) : limits_(limits), kind_(kind) {}

void Guard::restart() {
  state_ = State::start;
  trailer_ = false;
  matched_ = 0;
  bytes_ = target_bytes_ = fields_ = extension_bytes_ = 0;
}

void Guard::begin_chunks() {
  state_ = State::size_first;
  chunk_bytes_ = body_bytes_ = chunks_ = 0;
}

void Guard::fail(ErrorCode code, std::string_view what) {
  state_ = State::failed;
  code_ = code;
  what_ = what;
}

Error Guard::error() const {
  std::string message(what_);
  if (code_ == ErrorCode::head_too_large) {
    message += fields_ > limits_.fields ? std::to_string(limits_.fields) + " fields"
                                        : std::to_string(limits_.head_bytes) + " bytes";
  } else if (code_ == ErrorCode::target_uri_too_long) {
    message += std::to_string(limits_.target_bytes) + " bytes";
  } else if (code_ == ErrorCode::body_too_large) {
    message += std::to_string(limits_.body_bytes) + " bytes";
  } else if (trailer_) {
    message += " at byte " + std::to_string(bytes_) + " of the trailers";
  } else if (chunks_ > 0) {
    message += " in chunk " + std::to_string(chunks_);
  } else {
    message += " at byte " + std::to_string(bytes_) + " of the head";
    if (fields_ > 0) message += ", field " + std::to_string(fields_);
  }
  return {code_, std::move(message)};
}

Guard::Step Guard::next(std::string_view bytes) {
  if (state_ <= State::first) return next_at_start(bytes);
  if (state_ == State::failed || state_ == State::head_end || state_ == State::chunks_end) return {0, Use::drop};
  if (state_ < State::size_first) return next_in_head(bytes);
  return next_in_chunks(bytes);
}

// --- the head ---

Guard::Step Guard::next_at_start(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && state_ <= State::first) {
    const char c = bytes[taken];
    if (state_ == State::start_lf) {
      if (c != '\n') return fail(ErrorCode::bad_request, "CR without LF"), Step{taken, Use::drop};
      state_ = State::first;
    } else if (c == '\r' && state_ == State::start && kind_ == Parser::Kind::requests) {
      state_ = State::start_lf;
    } else {
      state_ = kind_ == Parser::Kind::requests ? State::method : State::status_version;
      break;
    }
    ++taken;
  }
  return {taken, Use::drop};
}

Guard::Step Guard::next_in_head(std::string_view bytes) {
  const size_t room = limits_.head_bytes - bytes_;
  if (room == 0) {
    fail(ErrorCode::head_too_large, trailer_ ? "the trailers are larger than " : "the head is larger than ");
    return {0, Use::drop};
  }
  const char* const begin = bytes.data();
  const char* const end = begin + std::min(bytes.size(), room);
  const bool in_method = state_ == State::method;
  const char* p = begin;
  if (in_method) {
    p = scan_method(p, end);
  } else {
    if (state_ <= State::target_cr) p = scan_target(p, end);
    if (state_ == State::version || state_ == State::version_end) p = scan_version(p, end);
    if (state_ >= State::status_version && state_ <= State::reason) p = scan_status(p, end);
    if (state_ >= State::line_lf && state_ <= State::end_lf) p = scan_fields(p, end);
  }
  const auto taken = static_cast<size_t>(p - begin);
  bytes_ += taken;
  if (trailer_) {
    if (state_ == State::head_end) state_ = State::chunks_end;
    return {taken, Use::drop};
  }
  if (in_method) return {taken, state_ == State::target_first ? Use::method : Use::drop};
  return {taken, Use::pass};
}

const char* Guard::scan_method(const char* p, const char* end) {
  for (; p != end; ++p) {
    if (is(*p, token_char) && matched_ < method_bytes) {
      if (matched_ < token_.size()) token_[matched_] = *p;
      ++matched_;
    } else if (is(*p, token_char)) {
      fail(ErrorCode::not_implemented, "a method of more than 32 letters");
      return p;
    } else {
      if (*p == ' ' && matched_ > 0) {
        end_method();
        return state_ == State::failed ? p : p + 1;
      }
      const bool tls = *p == 0x16 && matched_ == 0;
      fail(ErrorCode::bad_request, tls ? "a TLS handshake on a plain HTTP port," : "malformed method");
      return p;
    }
  }
  return p;
}

void Guard::end_method() {
  const std::string_view name(token_.data(), std::min<size_t>(matched_, token_.size()));
  const std::optional<Method> known = matched_ <= token_.size() ? method_named(name) : std::nullopt;
  matched_ = 0;
  if (known) {
    method_ = *known;
    state_ = State::target_first;
  } else if (name == "CONNECT" || name == "TRACE") {
    fail(ErrorCode::method_not_allowed, "CONNECT and TRACE are refused,");
  } else if (name == "PRI") {
    fail(ErrorCode::bad_http_version, "HTTP/2 is not supported, only HTTP/1.0 and HTTP/1.1,");
  } else {
    fail(ErrorCode::not_implemented, "unknown method");
  }
}

void Guard::begin_target(char c) {
  if (c == '/' || is_letter(c)) {
    state_ = State::target;
  } else if (c == '*' && method_ == Method::options) {
    state_ = State::asterisk;
  } else if (c == '*') {
    fail(ErrorCode::bad_request, "the target * is for OPTIONS only,");
  } else {
    fail(ErrorCode::bad_request, "the target is neither a path nor a URL,");
  }
}

const char* Guard::scan_target(const char* p, const char* end) {
  if (state_ == State::target_first && p != end) {
    begin_target(*p);
    if (state_ == State::failed) return p;
    if (state_ == State::asterisk) ++p, ++target_bytes_;
  }
  if (p == end) return p;
  if (state_ == State::target_cr) {
    const bool line_ends = *p == '\n';
    fail(line_ends ? ErrorCode::bad_http_version : ErrorCode::bad_request,
         line_ends ? "no HTTP version in the request line" : "CR without LF");
    return p;
  }
  if (state_ == State::target) {
    const auto room = static_cast<ptrdiff_t>(std::min<size_t>(limits_.target_bytes - target_bytes_, PTRDIFF_MAX));
    const char* const stop = skip(p, p + std::min(end - p, room), target_char);
    target_bytes_ += static_cast<size_t>(stop - p);
    p = stop;
    if (p == end) return p;
  }
  if (*p == ' ') {
    state_ = State::version;
    return p + 1;
  }
  if (*p == '\r') {
    state_ = State::target_cr;
    return p + 1;
  }
  if (state_ == State::target && is(*p, target_char)) {
    fail(ErrorCode::target_uri_too_long, "the target is longer than ");
  } else {
    fail(ErrorCode::bad_request, *p == '#' ? "a fragment in the target" : "invalid character in the target");
  }
  return p;
}

const char* Guard::scan_version(const char* p, const char* end) {
  constexpr std::string_view start = "HTTP/1.";
  constexpr std::string_view usual = "HTTP/1.1\r";
  if (matched_ == 0 && state_ == State::version && std::string_view(p, end).starts_with(usual)) {
    state_ = State::line_lf;
    return p + usual.size();
  }
  for (; p != end; ++p) {
    if (state_ == State::version_end) {
      if (*p == '\r') {
        state_ = State::line_lf;
        return p + 1;
      }
      fail(ErrorCode::bad_request, *p == '\n' ? "LF without CR" : "garbage after the HTTP version");
      return p;
    }
    if (matched_ == start.size() && (*p == '0' || *p == '1')) {
      state_ = State::version_end;
    } else if (matched_ < start.size() && *p == start[matched_]) {
      ++matched_;
    } else {
      const bool other = is_digit(*p) && (matched_ == start.size() || start[matched_] == '1');
      fail(other ? ErrorCode::bad_http_version : ErrorCode::bad_request,
           other ? "only HTTP/1.0 and HTTP/1.1 are supported," : "malformed HTTP version");
      return p;
    }
  }
  return p;
}

const char* Guard::scan_status(const char* p, const char* end) {
  constexpr std::string_view start = "HTTP/1.";
  constexpr std::string_view usual = "HTTP/1.1 200 ";
  if (matched_ == 0 && state_ == State::status_version && std::string_view(p, end).starts_with(usual)) {
    state_ = State::reason;
    p += usual.size();
  }
  for (; p != end; ++p) {
    const char c = *p;
    if (state_ == State::reason) {
      p = skip_value(p, end);
      if (p == end) return p;
      if (*p != '\r') return fail(ErrorCode::target_broke, "invalid character in the status line"), p;
      state_ = State::line_lf;
      return p + 1;
    }
    bool good = false;
    if (state_ == State::status_version && matched_ <= start.size()) {
      good = matched_ < start.size() ? c == start[matched_] : c == '0' || c == '1';
      ++matched_;
    } else if (state_ == State::status_version) {
      good = c == ' ';
      state_ = State::status_code;
      matched_ = 0;
    } else if (state_ == State::status_code) {
      good = matched_ == 0 ? c >= '1' && c <= '5' : is_digit(c);
      if (++matched_ == 3) state_ = State::status_code_end;
    } else if (c == '\r') {  // neither a reason nor the space before it: common and harmless
      state_ = State::line_lf;
      return p + 1;
    } else {
      good = c == ' ';
      state_ = State::reason;
    }
    if (!good) return fail(ErrorCode::target_broke, "malformed status line"), p;
  }
  return p;
}

void Guard::begin_field() {
  state_ = State::name;
  if (++fields_ > limits_.fields) fail(ErrorCode::head_too_large, "more header fields than allowed: ");
}

const char* Guard::scan_fields(const char* p, const char* end) {
  while (p != end) {
    switch (state_) {
      case State::line_lf:
        if (*p != '\n') return fail(ErrorCode::bad_request, "CR without LF"), p;
        state_ = State::line;
        ++p;
        break;
      case State::line:
        if (*p == '\r') {
          state_ = State::end_lf;
          ++p;
          break;
        }
        if (*p == ' ' || *p == '\t') return fail(ErrorCode::bad_request, "a folded line"), p;
        if (*p == '\n') return fail(ErrorCode::bad_request, "LF without CR"), p;
        if (*p == ':') return fail(ErrorCode::bad_request, "a field without a name"), p;
        begin_field();
        if (state_ == State::failed) return p;
        [[fallthrough]];
      case State::name:
        p = skip_name(p, end);
        if (p == end) return p;
        if (*p != ':') {
          const bool white = *p == ' ' || *p == '\t';
          return fail(ErrorCode::bad_request,
                      white ? "white space in a field name" : "invalid character in a field name"),
                 p;
        }
        state_ = State::value;
        ++p;
        [[fallthrough]];
      case State::value:
        p = skip_value(p, end);
        if (p == end) return p;
        if (*p != '\r') {
          return fail(ErrorCode::bad_request, *p == '\n' ? "LF without CR" : "control character in a field value"), p;
        }
        state_ = State::line_lf;
        ++p;
        break;
      default:  // end_lf
        if (*p != '\n') return fail(ErrorCode::bad_request, "CR without LF"), p;
        state_ = State::head_end;
        return p + 1;
    }
  }
  return p;
}

// --- chunks ---

Guard::Step Guard::next_in_chunks(std::string_view bytes) {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const bool extension = state_ >= State::extension;
  const char* const p = extension ? scan_extension(begin, end) : scan_chunks(begin, end);
  return {static_cast<size_t>(p - begin), extension ? Use::drop : Use::pass};
}

// Called when the size line is complete.
void Guard::begin_chunk() {
  if (chunk_bytes_ > limits_.body_bytes - body_bytes_) {
    return fail(ErrorCode::body_too_large, "the body is larger than ");
  }
  body_bytes_ += chunk_bytes_;
  state_ = State::data;
  if (chunk_bytes_ == 0) {
    state_ = State::line;
    trailer_ = true;
    bytes_ = 0;
  }
}

const char* Guard::scan_chunks(const char* p, const char* end) {
  while (p != end) {
    switch (state_) {
      case State::size_first:
      case State::size: {
        const bool first = state_ == State::size_first;
        if (const int digit = hex_value(*p); digit >= 0) {
          if (first) chunk_bytes_ = matched_ = 0, ++chunks_, state_ = State::size;
          if (++matched_ > size_digits) return fail(ErrorCode::bad_request, "a chunk size of more than 16 digits"), p;
          chunk_bytes_ = chunk_bytes_ << 4 | static_cast<uint64_t>(digit);
        } else if (*p == ';' && !first) {
          state_ = State::extension;
          return p;
        } else if (*p == '\r' && !first) {
          state_ = State::size_lf;
        } else {
          chunks_ += first;
          return fail(ErrorCode::bad_request, "malformed chunk size"), p;
        }
        ++p;
        break;
      }
      case State::size_cr:  // after an extension, which ends at a CR
        state_ = State::size_lf;
        ++p;
        break;
      case State::size_lf:
        if (*p != '\n') return fail(ErrorCode::bad_request, "CR without LF"), p;
        begin_chunk();
        if (state_ == State::failed) return p;
        ++p;
        if (trailer_) return p;
        break;
      case State::data: {
        const uint64_t bytes = std::min<uint64_t>(chunk_bytes_, static_cast<uint64_t>(end - p));
        p += bytes;
        chunk_bytes_ -= bytes;
        if (chunk_bytes_ == 0) state_ = State::data_cr;
        break;
      }
      case State::data_cr:
        if (*p != '\r') return fail(ErrorCode::bad_request, "garbage after the data"), p;
        state_ = State::data_lf;
        ++p;
        break;
      default:  // data_lf
        if (*p != '\n') return fail(ErrorCode::bad_request, "CR without LF"), p;
        state_ = State::size_first;
        ++p;
        break;
    }
  }
  return p;
}

// RFC 9112 7.1.1, without the "bad" white space that it allows.
const char* Guard::scan_extension(const char* p, const char* end) {
  for (; p != end; ++p) {
    const char c = *p;
    const bool token = is(c, token_char);
    const State was = state_;
    switch (was) {
      case State::extension:
        if (c == ';') state_ = State::ext_name_first;
        break;
      case State::ext_name_first:
      case State::ext_name:
        if (token)
          state_ = State::ext_name;
        else if (was == State::ext_name && c == '=')
          state_ = State::ext_value_first;
        else if (was == State::ext_name && c == ';')
          state_ = State::ext_name_first;
        else if (was == State::ext_name && c == '\r')
          return state_ = State::size_cr, p;
        else
          return fail(ErrorCode::bad_request, "malformed chunk extension"), p;
        break;
      case State::ext_quoted:
        if (c == '"')
          state_ = State::ext_quoted_end;
        else if (c == '\\')
          state_ = State::ext_escaped;
        else if (!is(c, value_char))
          return fail(ErrorCode::bad_request, "control character in a chunk extension"), p;
        break;
      case State::ext_escaped:
        if (!is(c, value_char)) return fail(ErrorCode::bad_request, "control character in a chunk extension"), p;
        state_ = State::ext_quoted;
        break;
      default:  // ext_value_first, ext_value, ext_quoted_end
        if (token && was != State::ext_quoted_end)
          state_ = State::ext_value;
        else if (c == '"' && was == State::ext_value_first)
          state_ = State::ext_quoted;
        else if (c == ';' && was != State::ext_value_first)
          state_ = State::ext_name_first;
        else if (c == '\r' && was != State::ext_value_first)
          return state_ = State::size_cr, p;
        else
          return fail(ErrorCode::bad_request, "malformed chunk extension"), p;
        break;
    }
    if (++extension_bytes_ > limits_.chunk_extension_bytes) {
      return fail(ErrorCode::bad_request, "more bytes of chunk extensions than allowed"), p;
    }
  }
  return p;
}

}  // namespace sluice::http
