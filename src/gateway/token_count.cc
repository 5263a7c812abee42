#include "gateway/token_count.h"

#include <algorithm>

#include "api/media_parts.h"

namespace sluice::gateway {
namespace {

constexpr uint64_t bytes_per_input_token = 4;
// Typical values from the providers' documentation: an image of 1.15 megapixels (Anthropic), a minute of sound at 32
// tokens a second (Gemini), two or three pages of a PDF (1,500 to 3,000 each, Anthropic).
constexpr uint64_t tokens_per_image = 1'600;
constexpr uint64_t tokens_per_sound = 2'000;
constexpr uint64_t tokens_per_document = 5'000;
constexpr uint64_t stream_bytes_per_token = 16;
// The most that a frame with one token has, whatever a target adds to it: with this many bytes, a target did not keep
// to the bound that the request asked for.
constexpr uint64_t max_stream_bytes_per_token = 512;
// A larger count from a request or a target cannot be real. Sums of a few of these are far from overflowing.
constexpr uint64_t max_tokens = 1'000'000'000;

uint64_t sane(const std::optional<uint64_t>& count) { return std::min(count.value_or(0), max_tokens); }

}  // namespace

TokenEstimate estimate_tokens(api::Yields yields, std::string_view body, uint64_t max_output, uint32_t choices) {
  if (body.empty() || yields == api::Yields::nothing) return {};
  const uint64_t most = std::min(std::min(max_output, max_tokens) * choices, max_tokens);
  return {estimated_input_tokens(body), most, yields == api::Yields::media};
}

uint64_t estimated_input_tokens(std::string_view body) {
  const api::MediaParts media = api::find_media(body);
  const uint64_t text = (body.size() - media.bytes + bytes_per_input_token - 1) / bytes_per_input_token;
  return text + media.images * tokens_per_image + media.sounds * tokens_per_sound +
         media.documents * tokens_per_document;
}

uint64_t tokens_used(const TokenEstimate& estimate, const api::AnswerTap* tap, int status, bool whole,
                     uint64_t answer_bytes) {
  if (tap == nullptr) return 0;
  const api::Usage& usage = tap->usage();
  const uint64_t reported_input = sane(usage.input_uncached) + sane(usage.cache_read) + sane(usage.cache_write);
  const uint64_t reported_output = sane(usage.output);
  if (status >= 300) return reported_input + reported_output;
  const bool input_known = usage.input_uncached || usage.cache_read || usage.cache_write;
  const uint64_t input = input_known ? reported_input : estimate.input;
  const bool is_stream = tap->format() != api::StreamFormat::none;
  if (!is_stream || (whole && usage.output)) return input + reported_output;
  uint64_t guessed = estimate.media_answer ? 0 : answer_bytes / stream_bytes_per_token;
  const uint64_t least = answer_bytes / max_stream_bytes_per_token;
  if (estimate.max_output != 0) guessed = std::min(guessed, std::max(estimate.max_output, least));
  return input + std::max(guessed, reported_output);
}

}  // namespace sluice::gateway
