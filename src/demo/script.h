// Feeds an answer to its dialect's writer piece by piece: as a stream, frame by frame as it is sent, or as one body.
//   open, (a word of the thinking ..., a word of the text ..., a piece of a call ...), close
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/event.h"
#include "demo/reply.h"

namespace sluice::demo {

class Script {
 public:
  // `dialect`: the writer's. `id`: the answer's id; its calls' ids are derived from it.
  Script(Reply reply, std::unique_ptr<api::EventWriter> writer, Dialect dialect, std::string id);
  virtual ~Script() = default;
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  // Appends the frames before the first word. Call it once.
  void open(std::string& out);
  // Appends the next word's frame to `out`, with the frames without words around it, except the stream's first and
  // last. False: that was the last word.
  bool next(std::string& out);
  // Appends the frames that end the stream, or a whole body.
  virtual void close(std::string& out);
  // Appends an error that ends it instead.
  void fail(std::string& out, const Error& error);

  bool in_calls() const { return call_ > 0 || within_call(); }
  bool within_call() const { return argument_at_ > 0; }  // more of its arguments will follow
  bool within_thinking() const { return thinking_at_ > 0 && thinking_at_ < reply_.thinking.size(); }

 private:
  void take(std::string& out);
  void think();
  void say();
  void cite();
  void call();
  void tell_usage(bool whole);

  const Reply reply_;
  const std::unique_ptr<api::EventWriter> writer_;
  const Dialect dialect_;
  const std::string id_;
  std::string escaped_;  // the current piece
  size_t thinking_at_ = 0;
  size_t text_at_ = 0;
  size_t call_ = 0;
  size_t argument_at_ = 0;
};

}  // namespace sluice::demo
