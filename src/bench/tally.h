// What a run has counted. Its size is bounded.
#pragma once

#include <cstdint>
#include <string>

#include "bench/failure.h"
#include "bench/histogram.h"

namespace sluice::bench {

struct Tally {
  explicit Tally(std::string secret) : failures(std::move(secret)) {}

  uint64_t answered = 0;               // whole and without an error
  uint64_t bytes_in = 0;               // of all answers, as received on the connection, after TLS decryption
  uint64_t output_tokens = 0;          // as reported
  uint64_t with_tokens = 0;            // answers that reported them
  LatencyHistogram latency_us;         // of answered requests: from sending to the answer's end
  LatencyHistogram first_text_us;      // of answered streams: from sending to the first frame with text
  LatencyHistogram between_frames_us;  // of all streams: between frames with text; 0 within one read
  Failures failures;

  uint64_t finished() const { return answered + failures.count(); }
};

}  // namespace sluice::bench
