#include "http/head_rules.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "http/characters.h"
#include "http/path.h"

namespace sluice::http {
namespace {

// The fields that matter here, found in one pass.
struct Noted {
  std::string_view host, length, coding;
  size_t hosts = 0, lengths = 0, codings = 0;
  bool connection = false, expect = false, upgrade = false;
};

Noted note(const Fields& fields) {
  Noted noted;
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field field = fields[i];
    switch (field.name.size()) {
      case 4:
        if (same_name(field.name, "host")) noted.host = field.value, ++noted.hosts;
        break;
      case 6:
        noted.expect |= same_name(field.name, "expect");
        break;
      case 7:
        noted.upgrade |= same_name(field.name, "upgrade");
        break;
      case 10:
        noted.connection |= same_name(field.name, "connection");
        break;
      case 14:
        if (same_name(field.name, "content-length")) noted.length = field.value, ++noted.lengths;
        break;
      case 17:
        if (same_name(field.name, "transfer-encoding")) noted.coding = field.value, ++noted.codings;
        break;
      default:
        break;
    }
  }
  return noted;
}

// Content-Length and Transfer-Encoding, as strictly as possible: each at most once, never both.
Result<BodyFraming> framing_of(const Noted& noted, uint8_t minor_version, ErrorCode code, uint64_t& content_length) {
  if (noted.lengths > 1) return fail(code, "more than one Content-Length");
  if (noted.codings > 1) return fail(code, "more than one Transfer-Encoding");
  if (noted.codings == 1) {
    if (noted.lengths == 1) return fail(code, "both Transfer-Encoding and Content-Length");
    if (minor_version == 0) return fail(code, "Transfer-Encoding with HTTP/1.0");
    if (!same_name(noted.coding, "chunked")) return fail(code, "Transfer-Encoding is not exactly \"chunked\"");
    return BodyFraming::chunked;
  }
  if (noted.lengths == 0) return BodyFraming::none;
  const char* const end = noted.length.data() + noted.length.size();
  const auto [stop, error] = std::from_chars(noted.length.data(), end, content_length);
  // from_chars accepts neither white space nor '+'; '-' is rejected below.
  if (noted.length.empty() || stop != end || noted.length.front() == '-' || error != std::errc{}) {
    return fail(code, "Content-Length is not a number");
  }
  return BodyFraming::length;
}

bool keeps_alive(const Fields& fields, const Noted& noted, uint8_t minor_version) {
  if (!noted.connection) return minor_version == 1;
  if (lists_token(fields, "connection", "close")) return false;
  return minor_version == 1 || lists_token(fields, "connection", "keep-alive");
}

bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }

bool is_in(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

// host [":" port], RFC 3986 3.2.2; but no empty host, and no comma (a sign of merged fields).
bool is_authority(std::string_view text) {
  size_t host = 0;
  if (text.starts_with('[')) {
    host = text.find(']');
    if (host == std::string_view::npos || host == 1) return false;
    const std::string_view literal = text.substr(1, host - 1);
    if (!std::all_of(literal.begin(), literal.end(), [](char c) { return is_alphanumeric(c) || is_in(c, ":._~-%"); })) {
      return false;
    }
    ++host;
  } else {
    while (host < text.size() && (is_alphanumeric(text[host]) || is_in(text[host], "-._~%!$&'()*+;="))) ++host;
    if (host == 0) return false;
  }
  if (host == text.size()) return true;
  const std::string_view port = text.substr(host);
  if (port.front() != ':' || port.size() > 6 || !std::all_of(port.begin() + 1, port.end(), is_digit)) return false;
  uint32_t number = 0;
  for (const char digit : port.substr(1)) number = 10 * number + static_cast<uint32_t>(digit - '0');
  return number <= UINT16_MAX;
}

// "http://host/path" -> "/path", with Host taken from it (RFC 9112 3.2.2).
Result<void> cut_to_origin_form(RequestHead& head) {
  if (head.target.front() == '/' || head.target == "*") return {};
  const size_t colon = head.target.find(':');
  const std::string_view scheme = std::string_view(head.target).substr(0, colon);
  if (!same_name(scheme, "http") && !same_name(scheme, "https")) {
    return fail(ErrorCode::bad_request, "the target is neither a path nor an http URL");
  }
  if (head.target.compare(colon, 3, "://") != 0) return fail(ErrorCode::bad_request, "malformed URL as target");
  const size_t begin = colon + 3;
  const size_t end = std::min(head.target.find_first_of("/?", begin), head.target.size());
  const std::string_view authority = std::string_view(head.target).substr(begin, end - begin);
  if (!is_authority(authority)) return fail(ErrorCode::bad_request, "invalid host in the target");
  Fields fields;
  for (size_t i = 0; i < head.fields.size(); ++i) {
    const Field field = head.fields[i];
    fields.add(field.name, same_name(field.name, "host") ? authority : field.value);
  }
  head.fields = std::move(fields);
  if (end == head.target.size()) {
    head.target = head.method == Method::options ? "*" : "/";
  } else {
    const bool path = head.target[end] == '/';
    head.target.erase(0, end);
    if (!path) head.target.insert(0, 1, '/');
  }
  return {};
}

}  // namespace

Result<void> complete(RequestHead& head) {
  const Noted noted = note(head.fields);
  if (noted.hosts > 1) return fail(ErrorCode::bad_request, "more than one Host");
  if (noted.hosts == 0 && head.minor_version == 1) return fail(ErrorCode::bad_request, "Host is missing");
  if (noted.hosts == 1 && !is_authority(noted.host)) return fail(ErrorCode::bad_request, "Host is invalid");
  const Result<BodyFraming> framing =
      framing_of(noted, head.minor_version, ErrorCode::bad_request, head.content_length);
  if (!framing) return tl::unexpected<Error>(framing.error());
  head.framing = *framing;
  head.keep_alive = keeps_alive(head.fields, noted, head.minor_version);
  head.wants_websocket = noted.upgrade && noted.connection && lists_token(head.fields, "connection", "upgrade") &&
                         lists_token(head.fields, "upgrade", "websocket");
  if (noted.expect) {
    for (size_t i = 0; i < head.fields.size(); ++i) {
      const Field field = head.fields[i];
      if (same_name(field.name, "expect") && !same_name(field.value, "100-continue")) {
        return fail(ErrorCode::expectation_failed, "Expect is not 100-continue");
      }
    }
    head.expects_continue = head.minor_version == 1;
  }
  if (Result<void> cut = cut_to_origin_form(head); !cut) return cut;
  return normalize_path(head.target);
}

Result<void> complete(ResponseHead& head, bool no_body) {
  const Noted noted = note(head.fields);
  uint64_t content_length = 0;
  const Result<BodyFraming> framing = framing_of(noted, head.minor_version, ErrorCode::target_broke, content_length);
  if (!framing) return tl::unexpected<Error>(framing.error());
  head.keep_alive = keeps_alive(head.fields, noted, head.minor_version);
  head.content_length = content_length;
  if (no_body || head.status < 200 || head.status == 204 || head.status == 304) {
    head.framing = BodyFraming::none;
    return {};
  }
  head.framing = *framing == BodyFraming::none ? BodyFraming::until_close : *framing;
  if (head.framing == BodyFraming::until_close) head.keep_alive = false;
  return {};
}

}  // namespace sluice::http
