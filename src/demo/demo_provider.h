// The built-in demo provider (`--demo`): an in-process stand-in for a model, so that everything can be tried without a
// key, and the tests' double for a provider. It speaks all five dialects on their own paths and answers by fixed rules:
//
//   text        "You said: <the last user text>", its white space kept; "The tool said: <result>" after a tool's result
//   tools       every offered tool whose name stands in the last user text, as a word of its own, is called, in the
//   order
//               offered; parts of the message that stand whole in a tag are an agent's, not the user's; its arguments
//               made from its schema (schema_sample.h); a forced tool choice is obeyed; after a tool's result none is
//               called unless forced by name. Calls that are spelled out with their arguments are made as they stand,
//               one line of the text after another (steps.h)
//   JSON        where a JSON schema is asked for, the text is a sample of that schema
//   usage       words are tokens: runs of non-blank characters, of all texts of the request and of the answer
//   limit       an answer of more words than the asked maximum is cut there and finishes as "length"
//   streams     one frame a word, pace_ms apart; whole answers come at once
//   models      any name is accepted and echoed; "demo" and "demo-small" are listed; some say how to answer, or what to
//               do wrong (orders.h, docs/demo.md)
//
// Everything runs on the loop's thread, but for DemoMemory, which several providers may share.
#pragma once

#include <cstdint>
#include <memory>

#include "demo/memory.h"
#include "http/service.h"
#include "net/loop.h"

namespace sluice::demo {

struct DemoOptions {
  uint32_t pace_ms = 20;                 // between the words of a stream; 0: all at once
  uint64_t seed = 0;                     // ids are made from this and a counter: give each worker another
  size_t body_bytes = 32 * 1024 * 1024;  // larger requests are 413
  std::shared_ptr<DemoMemory> memory;    // stored responses; null: one of its own
};

class DemoProvider final : public http::Service {
 public:
  // `loop` must outlive the provider, and the provider its handlers.
  DemoProvider(net::Loop& loop, DemoOptions options);
  ~DemoProvider() override;

  std::unique_ptr<http::RequestHandler> handle(const http::RequestHead& head, http::Responder& responder) override;
  void render_error(const http::RequestHead& head, const Error& error, http::Fields& fields,
                    std::string& body) override;

 private:
  friend class DemoHandler;
  // Unique per answer: 16 hexadecimal digits.
  std::string next_id();

  net::Loop& loop_;
  DemoOptions options_;
  uint64_t answers_ = 0;
};

}  // namespace sluice::demo
