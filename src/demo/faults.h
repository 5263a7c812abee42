// Answers that go wrong as their orders say (orders.h): errors instead of an answer, broken streams, broken bodies.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/error_body.h"
#include "base/dialect.h"
#include "demo/orders.h"
#include "demo/script.h"

namespace sluice::demo {

// What to do after the bytes so far have been sent.
enum class Then : unsigned char {
  more,      // continue
  finished,  // end the body
  cut,       // close the connection
  silence    // send nothing more
};

// A stream's frames, with the faults that its orders ask for.
class FramePlayer {
 public:
  FramePlayer(std::unique_ptr<Script> script, const Orders& orders, Dialect dialect, std::string_view content_type);
  // Appends the frames of the next word.
  Then next(std::string& out);

 private:
  Then break_off(std::string& out);
  // For the words just appended after `begin`.
  Then break_call(std::string& out, size_t begin);
  Then break_frame(std::string& out, size_t begin);
  void append_bad_frame(std::string& out);
  void close(std::string& out);
  bool breaks_between_words() const;

  const std::unique_ptr<Script> script_;
  const Orders orders_;
  const Dialect dialect_;
  const api::StreamFormat format_;
  uint32_t words_ = 0;
  bool begun_ = false, said_all_ = false;
};

// A non-streaming answer.
struct PlainAnswer {
  std::string body;
  Then then = Then::finished;
  std::optional<size_t> length{};  // for the head
};
// `body`: the answer without faults.
PlainAnswer spoil(std::string body, const Orders& orders, Dialect dialect);

// The error sent instead of an answer: its status and body.
struct Refusal {
  int status = 0;
  std::string body;
};
Refusal refusal_of(const Orders& orders, Dialect dialect);
Refusal prefix_refusal(Dialect dialect);

}  // namespace sluice::demo
