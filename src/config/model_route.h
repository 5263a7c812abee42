// How a name of "models" chooses among its targets and handles failures: the fields next to the targets. Only models.cc
// and what prints the configuration use this.
#pragma once

#include <array>
#include <string_view>

#include "config/config.h"
#include "config/reader.h"

namespace sluice::config {

inline constexpr size_t max_targets = 64;    // per name
inline constexpr size_t max_fallbacks = 16;  // per name
inline constexpr std::array<std::string_view, 4> order_words = {"weighted", "listed", "least_busy", "fastest"};

// Reads these fields of `object`; invalid values are reported.
void read_route(Reading& reading, const ObjectReader& object, Model& model);

// As written in the file: "fastest"; "header:x-session-id".
std::string_view word_of(Order order);
std::string word_of(const Affinity& affinity);

}  // namespace sluice::config
