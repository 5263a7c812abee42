// How a name of "models" chooses among its targets, and what it does where one fails: the fields beside the targets.
// Only models.cc and what prints the configuration use this.
#pragma once

#include <array>
#include <string_view>

#include "config/config.h"
#include "config/reader.h"

namespace sluice::config {

inline constexpr size_t max_targets = 64;    // of one name
inline constexpr size_t max_fallbacks = 16;  // of one name
inline constexpr std::array<std::string_view, 4> order_words = {"weighted", "listed", "least_busy", "fastest"};

// The fields of `object` that say so; what does not fit is reported.
void read_route(Reading& reading, const ObjectReader& object, Model& model);

// As in the file: "fastest"; "header:x-session-id".
std::string_view word_of(Order order);
std::string word_of(const Affinity& affinity);

}  // namespace sluice::config
