// The built-in demo provider (`--demo`): an in-process substitute for a model, so that everything can be tried without
// a key; also the tests' fake provider. It speaks all five dialects on their own paths and follows fixed rules:
//
//   text        "You said: <the last user text>", white space kept; "The tool said: <result>" after a tool's result
//   tools       every offered tool whose name appears as a separate word in the last user text is called, in the
//               order offered; parts of the message that are entirely inside a tag are an agent's, not the user's;
//               arguments are made from the tool's schema (schema_sample.h); a forced tool choice is obeyed; after a
//               tool's result none is called unless forced by name. Calls spelled out with their arguments are made
//               unchanged, one line of the text after another (steps.h)
//   JSON        if a JSON schema is requested, the text is a sample of that schema
//   usage       words are tokens: runs of non-blank characters, of all texts of the request and of the answer
//   limit       an answer with more words than the requested maximum is cut there and finishes as "length"
//   streams     one frame per word, pace_ms apart; non-streaming answers are sent immediately
//   models      any name is accepted and echoed; "demo" and "demo-small" are listed; some names say how to answer,
//               or what to do wrong (orders.h, docs/demo.md)
//
// Everything runs on the loop's thread, except DemoMemory, which several providers may share.
#pragma once

#include <cstdint>
#include <memory>

#include "demo/memory.h"
#include "http/service.h"
#include "net/loop.h"

namespace sluice::demo {

struct DemoOptions {
  uint32_t pace_ms = 20;                 // between the words of a stream; 0: all at once
  uint64_t seed = 0;                     // ids are made from this and a counter: give each worker a different one
  size_t body_bytes = 32 * 1024 * 1024;  // larger requests are 413
  std::shared_ptr<DemoMemory> memory;    // stored responses; null: a private one
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
