// Token counts of one answer: as it reports them, and in one form for all dialects.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace sluice::api {

struct Places;

// translation.md "Usage, one form". Set, never added; absent where the provider reported nothing.
struct Usage {
  std::optional<uint64_t> input_uncached, cache_read, cache_write, output, reasoning;
  // Adds what another answer, or another part of this one, used.
  void add(const Usage& more);
  bool any() const { return input_uncached || cache_read || cache_write || output || reasoning; }
  bool operator==(const Usage&) const = default;
};

// The token counts as they are sent. If a provider writes 0, or nothing, into the last frame, the first one's counts
// stay. What is not a number is ignored.
struct SentCounts {
  enum Count : uint8_t {
    input,
    output,
    cache_read,
    cache_write,
    reasoning,
    total,
    tool_input,      // of tools' results, besides the prompt's
    cache_write_5m,  // parts of cache_write
    cache_write_1h,
    llama_prompt,  // llama.cpp's timings: without cached tokens
    llama_cached,
    llama_output,
    counts
  };

  // Counts never fall, unless a frame may correct the one before it.
  void add(Count which, uint64_t count, bool may_fall);
  void update(const SentCounts& newer, bool may_fall);
  std::optional<uint64_t> told(Count which) const {
    return (told_ >> which & 1) != 0 ? std::optional<uint64_t>(values_[which]) : std::nullopt;
  }
  uint64_t value(Count which) const { return values_[which]; }  // 0 if it was not reported

 private:
  std::array<uint64_t, counts> values_{};
  uint16_t told_ = 0;  // a bit for each
};

// The counts in the one form, by what they mean in the dialect.
Usage usage_from(const SentCounts& counts, const Places& places);

}  // namespace sluice::api
