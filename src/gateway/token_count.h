// How many tokens an exchange takes of the token limits: estimated before it is let in, counted when it is over.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/answer_tap.h"
#include "api/endpoint.h"

namespace sluice::gateway {

struct TokenEstimate {
  uint64_t input = 0;
  uint64_t max_output = 0;    // 0: the request does not say
  bool media_answer = false;  // images or sound: their size says nothing about tokens
  uint64_t total() const { return input + max_output; }
};

// The input part of estimate_tokens().
uint64_t estimated_input_tokens(std::string_view body);

// `body`: JSON, inflated. Four bytes count as a token; images, sound and documents in base64 count a fixed number each
// (docs/operations.md). `yields`: the endpoint's. `max_output`: what the request allows each of its `choices`
// (max_tokens and the like), 0: unknown. Uploads, and paths that only count or look up, are estimated as 0.
TokenEstimate estimate_tokens(api::Yields yields, std::string_view body, uint64_t max_output, uint32_t choices = 1);

// The tokens that an exchange used. `tap`: nullptr if no answer was relayed, which counts 0. What the target reported
// counts: input, cached or not, and output. What it did not report of a successful answer is estimated: the input as
// before; the output of a stream that was cut, or that never reported it, as one token for each 16 bytes of
// `answer_bytes`, at most what the request allowed (providers put one or two tokens in a frame of 100 bytes and more),
// but at least one for each 512 bytes;
// the output of a plain answer as 0. `whole`: the answer reached its end.
uint64_t tokens_used(const TokenEstimate& estimate, const api::AnswerTap* tap, int status, bool whole,
                     uint64_t answer_bytes);

}  // namespace sluice::gateway
