#include "api/usage.h"

#include <algorithm>

#include "api/places.h"

namespace sluice::api {

void SentCounts::add(Count which, uint64_t count, bool may_fall) {
  const bool corrects = may_fall && count > 0;
  values_[which] = corrects ? count : std::max(values_[which], count);
  told_ = static_cast<uint16_t>(told_ | 1u << which);
}

void SentCounts::update(const SentCounts& newer, bool may_fall) {
  for (uint8_t i = 0; i < counts; ++i) {
    if (const auto told = newer.told(static_cast<Count>(i))) add(static_cast<Count>(i), *told, may_fall);
  }
}

void Usage::add(const Usage& more) {
  const auto sum = [](std::optional<uint64_t>& to, const std::optional<uint64_t>& from) {
    if (from) to = to.value_or(0) + *from;
  };
  sum(input_uncached, more.input_uncached);
  sum(cache_read, more.cache_read);
  sum(cache_write, more.cache_write);
  sum(output, more.output);
  sum(reasoning, more.reasoning);
}

Usage usage_from(const SentCounts& counts, const Places& places) {
  const auto told = [&counts](SentCounts::Count which) { return counts.told(which); };
  const auto count = [&counts](SentCounts::Count which) { return counts.value(which); };
  Usage usage{told(SentCounts::input), told(SentCounts::cache_read), told(SentCounts::cache_write),
              told(SentCounts::output), told(SentCounts::reasoning)};
  if (!usage.input_uncached && !usage.output && (told(SentCounts::llama_prompt) || told(SentCounts::llama_output))) {
    usage.input_uncached = told(SentCounts::llama_prompt);
    usage.output = told(SentCounts::llama_output);
    if (count(SentCounts::llama_cached) > 0) usage.cache_read = told(SentCounts::llama_cached);
    return usage;
  }
  const uint64_t ttl_parts = count(SentCounts::cache_write_5m) + count(SentCounts::cache_write_1h);
  if (ttl_parts > count(SentCounts::cache_write)) usage.cache_write = ttl_parts;
  if (told(SentCounts::tool_input)) {
    usage.input_uncached = count(SentCounts::input) + count(SentCounts::tool_input);
  }
  if (places.reasoning_beside_output) {
    if (usage.output || usage.reasoning) usage.output = count(SentCounts::output) + count(SentCounts::reasoning);
  } else if (usage.input_uncached && usage.output && usage.reasoning &&
             count(SentCounts::total) == *usage.input_uncached + *usage.output + *usage.reasoning) {
    usage.output = *usage.output + *usage.reasoning;  // xai reports reasoning separately
  }
  if (!usage.input_uncached && told(SentCounts::total)) {  // some providers' embeddings
    usage.input_uncached = count(SentCounts::total) - std::min(count(SentCounts::total), usage.output.value_or(0));
  }
  if (usage.input_uncached && !places.cache_beside_input) {
    // Here the input includes cached tokens, read and written. Some providers report the same tokens as both.
    const uint64_t input = *usage.input_uncached;
    const uint64_t read = usage.cache_read.value_or(0);
    const uint64_t written = usage.cache_write.value_or(0);
    const bool apart = read <= input && written <= input - read;
    usage.input_uncached = input - std::min(input, apart ? read + written : std::max(read, written));
  }
  return usage;
}

}  // namespace sluice::api
