// What a request asks, ready for any target: each is sent the caller's own bytes, with edits that are made for it
// alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "api/request_peek.h"
#include "base/result.h"
#include "gateway/usage_refusals.h"
#include "routing/router.h"

namespace sluice::gateway {

struct Question {
  // Where the model's name stands that is to be replaced.
  enum class Named : unsigned char { nowhere, in_json, in_url, in_form };

  api::Match match;
  api::Peek peek;  // of a JSON body; `model` is the request's wherever it stands, and its place that in a form
  Named named = Named::nowhere;
  bool stream = false;  // is asked for, as far as can be told

  const std::string& model() const { return peek.model; }  // as the caller names it; "": none is named
};

// Whether the usage of a streamed answer has to be asked for, and this target takes the question.
bool asks_usage(const Question& question, const routing::Target& target, const UsageRefusals* refusals);

// `body`: what has come of it, with net::read_padding_bytes readable bytes behind it. bad_request where it names
// another model than the URL. What is bound to another origin does not go on (foreign_data.h), and is told in
// `dropped`; null: nothing can be.
Result<std::vector<api::Edit>> edits_for(const Question& question, std::string_view body, const routing::Target& target,
                                         bool ask_usage, std::string* dropped = nullptr);

}  // namespace sluice::gateway
