// How many tokens an exchange takes of the limits on tokens: estimated before it is let in, counted when it is over.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/answer_tap.h"
#include "api/endpoint.h"

namespace sluice::gateway {

struct TokenEstimate {
  uint64_t input = 0;
  uint64_t max_output = 0;    // 0: the request does not say
  bool media_answer = false;  // pictures or sound: how many bytes they have tells nothing
  uint64_t total() const { return input + max_output; }
};

// Of the input alone, as of estimate_tokens().
uint64_t estimated_input_tokens(std::string_view body);

// `body`: JSON, inflated; four bytes to a token, but for images, sound and documents in base64, which count as so many
// tokens each (docs/configuration.md). `yields`: of its endpoint. `max_output`: what the request allows (max_tokens and
// its relatives), 0 if that is not known. Uploads, and paths that only count or look up, are estimated at nothing.
TokenEstimate estimate_tokens(api::Yields yields, std::string_view body, uint64_t max_output);

// What an exchange took. `tap`: nullptr if no answer was relayed, which takes nothing. What the target reported counts:
// input, cached or not, and output. What it did not report of an answer that is no error: the input is as estimated;
// the output of a stream that was cut or never told it is one token for each 16 bytes of `answer_bytes`, at most
// what the request allowed, as providers put each token or two in a frame of 100 bytes and more; that of a plain answer
// is nothing. `whole`: the answer came to its end.
uint64_t tokens_used(const TokenEstimate& estimate, const api::AnswerTap* tap, int status, bool whole,
                     uint64_t answer_bytes);

}  // namespace sluice::gateway
