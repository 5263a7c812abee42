// What a run has counted. Of bounded size, whatever the run does.
#pragma once

#include <cstdint>
#include <string>

#include "bench/failure.h"
#include "bench/histogram.h"

namespace sluice::bench {

struct Tally {
  explicit Tally(std::string secret) : failures(std::move(secret)) {}

  uint64_t answered = 0;               // whole and without an error
  uint64_t bytes_in = 0;               // of all answers, as they came over the connection, inside TLS
  uint64_t output_tokens = 0;          // as reported
  uint64_t with_tokens = 0;            // answers that reported them
  LatencyHistogram latency_us;         // of answered ones: from the request's sending to the answer's end
  LatencyHistogram first_text_us;      // of answered streams: to the first frame with text
  LatencyHistogram between_frames_us;  // of all streams: from one frame with text to the next; 0 for those of one read
  Failures failures;

  uint64_t finished() const { return answered + failures.count(); }
};

}  // namespace sluice::bench
