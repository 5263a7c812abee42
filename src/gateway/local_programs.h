// Asks the loopback ports where local model programs usually listen (Ollama, LM Studio, vLLM, llama.cpp) whether they
// are there.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/discover.h"

namespace sluice::gateway {

// Asks all at once, for at most `max_ms` in all. Blocks; runs a loop of its own.
std::vector<config::AnsweredProbe> find_local_programs(std::span<const config::LocalProbe> probes, uint32_t max_ms);

}  // namespace sluice::gateway
