// The results of a run, for people and for machines.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bench/options.h"
#include "bench/tally.h"

namespace sluice::bench {

struct Summary {
  std::string model;
  uint64_t models_listed = 0;  // if the model was chosen from a list
  uint64_t elapsed_ns = 0;     // from the first request to the end of the last
  uint64_t unfinished = 0;     // requests cut off by an interruption; not part of any other figure
  uint64_t connections_made = 0;
  bool interrupted = false;
  std::unique_ptr<Tally> tally;
};

// A few lines and tables; the last line ends with a line break.
std::string report_text(const Options& options, const Summary& summary);
// One line with a JSON object; times in milliseconds. What was not measured is absent.
std::string report_json(const Options& options, const Summary& summary);
// One line without a line break, for a run in progress.
std::string progress_line(const Tally& tally, uint64_t elapsed_ns);

// "812 us", "1.20 ms", "12.3 s"
std::string time_text(uint64_t us);

}  // namespace sluice::bench
