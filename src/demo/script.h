// A streamed answer, frame by frame, made as it is sent. Each dialect fills in what its frames look like; the order is
// here:
//   begin, [text_begin, text_piece ..., text_end], (call_begin, call_piece ..., call_end) for each call, end
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "demo/reply.h"

namespace sluice::demo {

class Script {
 public:
  explicit Script(Reply reply) : reply_(std::move(reply)) {}
  virtual ~Script() = default;
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  // Appends the frames that come before anything is said.
  void open(std::string& out);
  // Appends the next word's frame to `out`, with those before and after it that carry no words, but for the stream's
  // first and last. False: that was the last word.
  bool next(std::string& out);
  // Appends those that end the stream.
  void close(std::string& out) { end(out); }

  bool in_calls() const { return call_ > 0 || within_call(); }
  bool within_call() const { return argument_at_ > 0; }  // some of its arguments are still to come

 protected:
  virtual void begin(std::string& out) = 0;
  virtual void text_begin(std::string&) {}
  virtual void text_piece(std::string& out, std::string_view piece) = 0;
  virtual void text_end(std::string&) {}
  virtual void call_begin(std::string&, size_t /*index*/, const ToolCall&) {}
  virtual void call_piece(std::string&, size_t /*index*/, const ToolCall&, std::string_view /*piece*/) {}
  virtual void call_end(std::string&, size_t /*index*/, const ToolCall&) {}
  virtual void end(std::string& out) = 0;

  const Reply reply_;

 private:
  void next_of_call(std::string& out);

  bool begun_ = false;
  size_t text_at_ = 0;
  size_t call_ = 0;
  size_t argument_at_ = 0;
};

// "data: {...}\n\n", with "event: name\n" before it where there is a name.
void add_sse(std::string& out, std::string_view event, std::string_view data);

}  // namespace sluice::demo
