// The places in a Gemini request's body that name a model beside the URL.
#pragma once

#include <string_view>
#include <vector>

#include "api/request_peek.h"
#include "base/result.h"

namespace sluice::api::gemini {

// The API takes `model` in the body too: at its top, in `generateContentRequest` (countTokens), in each of
// `requests` (batchEmbedContents) and in the requests of a `batch`. The edits that make all of them name `target`.
// bad_request where one names neither `named` (the URL's) nor `target`, or could be read in two ways. Names may begin
// with "models/". `body` needs net::read_padding_bytes readable bytes behind it.
Result<std::vector<Edit>> rename_models(std::string_view body, std::string_view named, std::string_view target);

// What some write before a model's name.
inline constexpr std::string_view model_prefix = "models/";

}  // namespace sluice::api::gemini
