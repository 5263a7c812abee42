// HTTP/1 messages as the program sees them: a method, a target, a status, and fields in the order they arrived (RFC
// 9110, RFC 9112). No raw head bytes survive parsing: heads are always written anew by http/writer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

enum class Method : unsigned char { get, head, post, put, patch, del, options };
std::string_view name_of(Method method);                    // "GET"
std::optional<Method> method_named(std::string_view name);  // case-sensitive (RFC 9110 9.1)

bool same_letters(const char* a, const char* b, size_t size);
// ASCII case-insensitive equality, for field names. Most names differ in size or in their first letter.
inline bool same_name(std::string_view a, std::string_view b) {
  constexpr int case_bit = 0x20;
  if (a.size() != b.size()) return false;
  if (a.empty()) return true;
  const int ends = (a.front() ^ b.front()) | (a.back() ^ b.back());
  return (ends & ~case_bit) == 0 && same_letters(a.data(), b.data(), a.size());
}

struct Field {
  std::string_view name;   // as it was sent
  std::string_view value;  // without the white space around it
};

// Header fields in order, in one block of memory. Views are valid until the Fields change.
class Fields {
 public:
  void clear();  // keeps the memory, unless it is more than heads usually need
  size_t size() const { return spans_.size(); }
  bool empty() const { return spans_.empty(); }
  Field operator[](size_t index) const;
  void add(std::string_view name, std::string_view value);
  // The first field of that name, any case; nullopt if there is none. An empty value is a value.
  std::optional<std::string_view> find(std::string_view name) const;
  // For parsers that get names and values in pieces: begin(), any number of append_name, then of append_value, then
  // end(), which trims the end of the value.
  void begin();
  void append_name(std::string_view piece);
  void append_value(std::string_view piece);
  void end();
  size_t bytes() const { return block_.size(); }
  // Frees memory that a long-lived holder no longer needs.
  void release();

 private:
  struct Span {
    uint32_t name_begin, name_size, value_size;  // the value follows the name
  };
  std::string block_;
  std::vector<Span> spans_;
};

// What ends a body. The first two end after a known number of bytes.
enum class BodyFraming : unsigned char { none, length, chunked, until_close };

struct RequestHead {
  Method method = Method::get;
  std::string target;         // "/path?query": origin-form, or absolute-form cut down to it; the path is normalized
  uint8_t minor_version = 1;  // HTTP/1.minor
  Fields fields;
  BodyFraming framing = BodyFraming::none;
  uint64_t content_length = 0;  // with BodyFraming::length
  bool keep_alive = true;
  bool expects_continue = false;
  bool wants_websocket = false;  // Upgrade: websocket with Connection: upgrade

  std::string_view path() const;   // target up to '?'
  std::string_view query() const;  // after '?', "" without one
  void clear();                    // keeps the memory
};

struct ResponseHead {
  int status = 200;
  std::string reason;
  uint8_t minor_version = 1;
  Fields fields;
  BodyFraming framing = BodyFraming::none;
  uint64_t content_length = 0;  // with BodyFraming::length; with none, the Content-Length of the body that is not sent
  bool keep_alive = true;

  void clear();
};

// Whether a field of that name lists `token` among its comma-separated items, any case ("Connection: keep-alive,
// Upgrade").
bool lists_token(const Fields& fields, std::string_view name, std::string_view token);

// Finds the hop-by-hop fields of a head, which are never forwarded (RFC 9110 7.6.1: Connection, Keep-Alive, Proxy-*,
// TE, Trailer, Transfer-Encoding, Upgrade, and those that Connection names).
class HopByHop {
 public:
  // `fields` must outlive it.
  explicit HopByHop(const Fields& fields);
  bool operator()(std::string_view name) const;

 private:
  const Fields& fields_;
  bool names_others_ = false;  // Connection holds more than keep-alive or close
};

}  // namespace sluice::http
