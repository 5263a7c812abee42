// A minimal streaming reverse proxy without its event loop: everything that is the same on every loop, so that the
// compared programs differ in nothing else. HTTP/1.1 with keep-alive on both sides; a LIFO pool of connections to the
// origin; bodies keep their framing (content-length or chunked) and leave in the turn of the loop in which they
// arrived; above a high-water mark the other side is not read.
//
// One thread. A peer that shuts down its direction counts as gone. Upgrades and HTTP/1.0 are rejected.
#pragma once

#include <llhttp.h>
#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "link.h"

namespace runtimes {

inline constexpr size_t high_bytes = 256 * 1024, low_bytes = 128 * 1024;
inline constexpr size_t max_head_bytes = 64 * 1024;
inline constexpr size_t max_idle = 1024;  // idle connections to the origin

struct Head {
  struct Field {
    size_t name_begin, name_end, value_end;
  };
  std::string start;  // the request's target, the answer's reason
  std::string text;   // names and values
  std::vector<Field> fields;

  std::string_view name(const Field& f) const {
    return std::string_view(text).substr(f.name_begin, f.name_end - f.name_begin);
  }
  std::string_view value(const Field& f) const {
    return std::string_view(text).substr(f.name_end, f.value_end - f.name_end);
  }
  void clear() {
    start.clear();
    text.clear();
    fields.clear();
  }
};

inline bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// RFC 9110, 7.6.1: fields of a single connection, and those that Connection names.
inline bool is_hop_by_hop(const Head& head, std::string_view name) {
  for (const char* each :
       {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}) {
    if (same(name, each)) return true;
  }
  for (const Head::Field& field : head.fields) {
    if (!same(head.name(field), "connection")) continue;
    std::string_view rest = head.value(field);
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      std::string_view token = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (!token.empty() && token.front() == ' ') token.remove_prefix(1);
      while (!token.empty() && token.back() == ' ') token.remove_suffix(1);
      if (same(name, token)) return true;
    }
  }
  return false;
}

class Target;

// What all connections share.
struct Proxy {
  Loop& loop;
  std::vector<Target*> idle;                 // the last one is used next
  std::vector<std::unique_ptr<Head>> heads;  // not in use
  std::string out;                           // the output of one read, for the other side

  explicit Proxy(Loop& on) : loop(on) {}
  inline Target& take_target();
  inline void accepted(Link& link);
};

// One side of an exchange: parses what it reads and leaves the bytes for the other side in proxy_.out.
class Side : public Link::Events {
 public:
  Link& link() { return link_; }
  void write_here(std::string_view bytes, Side& from) {
    link_.write(bytes);
    if (link_.pending() > high_bytes) from.link_.set_reading(false);
  }

 protected:
  Side(Proxy& proxy, Link& link, llhttp_type_t type) : proxy_(proxy), link_(link), is_caller_(type == HTTP_REQUEST) {
    llhttp_init(&parser_, type, &settings());
    parser_.data = this;
    link_.events = this;
  }
  ~Side() = default;

  // Returns how many bytes belong to this message; sets `whole_` at its end and `bad_` if it is not HTTP.
  size_t parse(std::string_view bytes) {
    proxy_.out.clear();
    const llhttp_errno_t result = llhttp_execute(&parser_, bytes.data(), bytes.size());
    if (result == HPE_OK) return bytes.size();
    if (result != HPE_PAUSED) bad_ = true;
    return static_cast<size_t>(llhttp_get_error_pos(&parser_) - bytes.data());
  }
  void begin_next() {
    whole_ = false;
    llhttp_resume(&parser_);
  }

  Proxy& proxy_;
  Link& link_;
  llhttp_t parser_;
  std::unique_ptr<Head> head_;  // while a head is being read
  const bool is_caller_;
  bool no_body_ = false;  // an answer to HEAD
  bool chunked_ = false;  // how the body is sent on
  bool in_name_ = false;
  bool whole_ = false;
  bool keep_ = false;  // as of the end of the message
  bool bad_ = false;

 private:
  static Side& of(llhttp_t* parser) { return *static_cast<Side*>(parser->data); }

  static const llhttp_settings_t& settings() {
    static const llhttp_settings_t all = [] {
      llhttp_settings_t s;
      llhttp_settings_init(&s);
      const auto start = [](llhttp_t* p, const char* at, size_t size) {
        Head& head = of(p).head();
        head.start.append(at, size);
        return of(p).size_check();
      };
      s.on_url = start;
      s.on_status = start;
      s.on_header_field = [](llhttp_t* p, const char* at, size_t size) {
        Side& side = of(p);
        Head& head = side.head();
        if (!side.in_name_) head.fields.push_back({head.text.size(), 0, 0});
        side.in_name_ = true;
        head.text.append(at, size);
        head.fields.back().name_end = head.fields.back().value_end = head.text.size();
        return side.size_check();
      };
      s.on_header_value = [](llhttp_t* p, const char* at, size_t size) {
        Head& head = of(p).head();
        head.text.append(at, size);
        head.fields.back().value_end = head.text.size();
        return of(p).size_check();
      };
      s.on_header_value_complete = [](llhttp_t* p) {
        of(p).in_name_ = false;
        return 0;
      };
      s.on_headers_complete = [](llhttp_t* p) { return of(p).head_done(); };
      s.on_body = [](llhttp_t* p, const char* at, size_t size) {
        of(p).body({at, size});
        return 0;
      };
      s.on_message_complete = [](llhttp_t* p) { return of(p).message_done(); };
      return s;
    }();
    return all;
  }

  Head& head() {
    if (!head_ && proxy_.heads.empty()) proxy_.heads.push_back(std::make_unique<Head>());
    if (!head_) {
      head_ = std::move(proxy_.heads.back());
      proxy_.heads.pop_back();
    }
    return *head_;
  }
  int size_check() const { return head_->text.size() + head_->start.size() > max_head_bytes ? -1 : 0; }
  bool is_informational() const { return !is_caller_ && parser_.status_code / 100 == 1; }

  int head_done() {
    if (parser_.upgrade || parser_.http_major != 1 || parser_.http_minor != 1) return -1;
    std::string& out = proxy_.out;
    const Head& read = head();
    if (is_caller_) {
      out += llhttp_method_name(static_cast<llhttp_method_t>(parser_.method));
      ((out += ' ') += read.start) += " HTTP/1.1\r\n";
    } else {
      ((((out += "HTTP/1.1 ") += std::to_string(parser_.status_code)) += ' ') += read.start) += "\r\n";
    }
    for (const Head::Field& field : read.fields) {
      if (is_hop_by_hop(read, read.name(field))) continue;
      (((out += read.name(field)) += ": ") += read.value(field)) += "\r\n";
    }
    const bool bodiless = no_body_ || is_informational() || parser_.status_code == 204 || parser_.status_code == 304;
    chunked_ = is_caller_ ? (parser_.flags & F_CHUNKED) != 0 : !bodiless && (parser_.flags & F_CONTENT_LENGTH) == 0;
    out += chunked_ ? "transfer-encoding: chunked\r\n\r\n" : "\r\n";
    head_->clear();
    proxy_.heads.push_back(std::move(head_));
    return no_body_ ? 1 : 0;
  }

  void body(std::string_view bytes) {
    std::string& out = proxy_.out;
    if (!chunked_) {
      out += bytes;
      return;
    }
    char size[20];
    const auto [end, error] = std::to_chars(size, size + sizeof size, bytes.size(), 16);
    ((out.append(size, end) += "\r\n") += bytes) += "\r\n";
  }

  int message_done() {
    if (is_informational()) return 0;
    if (chunked_) proxy_.out += "0\r\n\r\n";
    whole_ = true;
    keep_ = llhttp_should_keep_alive(&parser_) != 0;
    return HPE_PAUSED;
  }
};

class Caller final : public Side {
 public:
  Caller(Proxy& proxy, Link& link) : Side(proxy, link, HTTP_REQUEST) {}

  void on_bytes(std::string_view bytes) override;
  void on_gone() override;
  void on_written() override;

  bool request_is_whole() const { return whole_; }
  bool is_head() const { return parser_.method == HTTP_HEAD; }
  void answer_begun() { answered_ = true; }
  void answer_done();  // may destroy this
  // There will be no answer, or no more of it. Destroys this, now or after the peer has taken the rest.
  void fail(const char* status);

 private:
  void end();  // once everything has been written
  Target* target_ = nullptr;
  std::string rest_;  // of the next request, while this one is being answered
  bool answered_ = false;
  bool ending_ = false;
};

class Target final : public Side {
 public:
  Target(Proxy& proxy, Link& link) : Side(proxy, link, HTTP_RESPONSE) {}

  void on_bytes(std::string_view bytes) override;
  void on_gone() override;
  void on_written() override {
    if (caller_ && link_.pending() <= low_bytes && !caller_->request_is_whole()) caller_->link().set_reading(true);
  }
  void serve(Caller& caller) { caller_ = &caller; }
  void expect_no_body(bool none) { no_body_ = none; }
  void drop() {
    link_.close();
    delete this;
  }

 private:
  void finish(bool reusable);
  Caller* caller_ = nullptr;  // nullptr: idle
};

inline Target& Proxy::take_target() {
  if (idle.empty()) return *new Target(*this, loop.dial());
  Target& target = *idle.back();
  idle.pop_back();
  return target;
}

inline void Proxy::accepted(Link& link) { new Caller(*this, link); }

inline void Caller::on_bytes(std::string_view bytes) {
  if (ending_) return;
  if (whole_) {
    rest_ += bytes;
    return link_.set_reading(false);
  }
  const size_t used = parse(bytes);
  if (bad_) return fail("400 Bad Request");
  if (!proxy_.out.empty()) {
    if (!target_) {
      target_ = &proxy_.take_target();
      target_->serve(*this);
      target_->expect_no_body(is_head());
    }
    target_->write_here(proxy_.out, *this);
  }
  if (used < bytes.size()) {
    rest_.assign(bytes.substr(used));
    link_.set_reading(false);
  }
}

inline void Caller::answer_done() {
  target_ = nullptr;
  if (!whole_ || !keep_) return end();
  begin_next();
  answered_ = false;
  link_.set_reading(true);
  if (!rest_.empty()) on_bytes(std::exchange(rest_, {}));
}

inline void Caller::on_gone() {
  if (target_) target_->drop();
  link_.close();
  delete this;
}

inline void Caller::on_written() {
  if (ending_ && link_.pending() == 0) return on_gone();
  if (target_ && link_.pending() <= low_bytes) target_->link().set_reading(true);
}

inline void Caller::end() {
  ending_ = true;
  if (link_.pending() == 0) on_gone();
}

inline void Caller::fail(const char* status) {
  if (target_) std::exchange(target_, nullptr)->drop();
  if (answered_) return on_gone();
  link_.write("HTTP/1.1 " + std::string(status) + "\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  end();
}

inline void Target::on_bytes(std::string_view bytes) {
  if (!caller_) return on_gone();  // unsolicited bytes
  const size_t used = parse(bytes);
  if (bad_) return caller_->fail("502 Bad Gateway");
  if (!proxy_.out.empty()) {
    caller_->answer_begun();
    caller_->write_here(proxy_.out, *this);
  }
  if (whole_) finish(keep_ && used == bytes.size() && caller_->request_is_whole());
}

inline void Target::finish(bool reusable) {
  Caller* caller = std::exchange(caller_, nullptr);
  if (reusable && proxy_.idle.size() < max_idle) {
    begin_next();
    link_.set_reading(true);
    proxy_.idle.push_back(this);
  } else {
    drop();
  }
  caller->answer_done();
}

inline void Target::on_gone() {
  if (!caller_) {
    proxy_.idle.erase(std::find(proxy_.idle.begin(), proxy_.idle.end(), this));
    return drop();
  }
  proxy_.out.clear();
  llhttp_finish(&parser_);  // ends an answer that is delimited by the connection's end
  if (!whole_) return caller_->fail("502 Bad Gateway");
  caller_->write_here(proxy_.out, *this);
  finish(false);
}

}  // namespace runtimes
