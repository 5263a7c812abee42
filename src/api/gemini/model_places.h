// The places in a Gemini request's body, besides the URL, that name a model.
#pragma once

#include <string_view>
#include <vector>

#include "api/request_peek.h"
#include "base/result.h"

namespace sluice::api::gemini {

// The API also accepts `model` in the body: at the top level, in `generateContentRequest` (countTokens) and
// `embedContentRequest`, in each of `requests` (batchEmbedContents) and in the requests of a `batch`. Returns the edits
// that make all of them name `target`. bad_request if one names neither `named` (the URL's model) nor `target`, or is
// ambiguous. Names may begin with "models/". `body` needs net::read_padding_bytes readable bytes behind it.
Result<std::vector<Edit>> rename_models(std::string_view body, std::string_view named, std::string_view target);

// The prefix that some callers write before a model's name.
inline constexpr std::string_view model_prefix = "models/";

}  // namespace sluice::api::gemini
