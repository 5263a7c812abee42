// Vectors that look like embeddings: of unit length, equal for equal texts, different for different ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::demo {

inline constexpr uint64_t default_dimensions = 16;
inline constexpr uint64_t max_dimensions = 4096;  // larger values are reduced to this
inline constexpr size_t max_embeddings = 2048;    // per request

std::vector<float> embedding_of(std::string_view text, uint64_t dimensions);
// The little-endian floats in base64 (RFC 4648), for openai's encoding_format.
std::string base64_of(const std::vector<float>& values);

}  // namespace sluice::demo
