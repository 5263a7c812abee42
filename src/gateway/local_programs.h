// Finds local model programs (Ollama, LM Studio, vLLM, llama.cpp) by asking the loopback ports where they usually
// listen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "config/discover.h"

namespace sluice::gateway {

// Asks all of them in parallel, for at most `max_ms` in total. Blocks; runs its own loop.
std::vector<config::AnsweredProbe> find_local_programs(std::span<const config::LocalProbe> probes, uint32_t max_ms);

}  // namespace sluice::gateway
