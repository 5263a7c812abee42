// A Responder that records its calls, for tests of services and handlers without a connection. Checks the order of
// calls that http/service.h requires.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/service.h"

namespace sluice::test {

class FakeResponder final : public http::Responder {
 public:
  // `loop` may be null if it is not used. `is_head`: the request is HEAD, so body bytes are discarded.
  explicit FakeResponder(net::Loop* loop = nullptr, bool is_head = false) : loop_(loop), is_head_(is_head) {}

  void send_head_lines(int head_status, std::string_view field_lines, Length head_length,
                       std::string_view head_reason) override {
    expect(!sent_ && !over(), "a second head, or one after the end");
    sent_ = true;
    status = head_status;
    reason = head_reason;
    length = head_length.bytes;
    while (!field_lines.empty()) {
      const size_t colon = field_lines.find(": "), end = field_lines.find("\r\n");
      expect(colon < end && end != field_lines.npos, "a field line that is none");
      fields.emplace_back(field_lines.substr(0, colon), field_lines.substr(colon + 2, end - colon - 2));
      field_lines.remove_prefix(end + 2);
    }
  }
  void flush_head() override {
    expect(sent_ && !over(), "flush without a head");
    flushed = true;
  }
  void send_body(std::span<const std::string_view> pieces, bool last) override {
    expect(sent_ && !over() && !last_, "body before the head or after the end");
    for (const std::string_view piece : pieces) {
      offered_bytes += piece.size();
      if (!is_head_) body += piece;
    }
    last_ = last;
    ++body_calls;
    expect(length == Length::unknown || offered_bytes <= length, "more body than the head said");
    if (last) expect_whole();
  }
  void finish() override {
    expect(sent_ && !over(), "finish without a head, or twice");
    expect_whole();
    finished = true;
  }
  bool recall_head() override { return false; }
  void abort() override {
    expect(!over(), "abort after the end");
    aborted = true;
  }

  bool head_sent() const override { return sent_; }
  size_t pending_bytes() const override { return pending; }
  void pause_body() override { paused = true; }
  void resume_body() override { paused = false; }
  std::string peer() const override { return "127.0.0.1:5000"; }
  uint64_t received_ns() const override { return received; }
  uint64_t read_ns() const override { return received; }
  uint64_t bytes_in() const override { return 0; }
  uint64_t bytes_out() const override { return body.size(); }
  net::Loop& loop() override {
    if (!loop_) throw std::logic_error("this test has no loop");
    return *loop_;
  }

  // The first field with that name, case-insensitive; "" if there is none.
  std::string field(std::string_view name) const {
    for (const auto& [field_name, value] : fields) {
      if (http::same_name(field_name, name)) return value;
    }
    return {};
  }

  int status = 0;
  std::string reason, body;
  std::vector<std::pair<std::string, std::string>> fields;
  uint64_t length = Length::unknown;
  uint64_t offered_bytes = 0;  // of body, discarded ones included
  size_t body_calls = 0;
  bool flushed = false, finished = false, aborted = false;
  bool paused = false;
  size_t pending = 0;     // set by the test
  uint64_t received = 0;  // set by the test

 private:
  bool over() const { return finished || aborted; }
  void expect_whole() const {
    expect(length >= Length::unsaid || is_head_ || offered_bytes == length, "less body than the head said");
  }
  static void expect(bool ok, const char* what) {
    if (!ok) throw std::logic_error(what);
  }

  net::Loop* loop_;
  bool is_head_;
  bool sent_ = false, last_ = false;
};

}  // namespace sluice::test
