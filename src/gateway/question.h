// What a request asks, ready for any target: each gets the caller's bytes, with edits made for that target.
#pragma once

#include <optional>
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
  // Where the model's name to be replaced is.
  enum class Named : unsigned char { nowhere, in_json, in_url, in_form };

  api::Match match;
  api::Peek peek;  // of a JSON body; `model` is set wherever the name is, its place also for a form
  Named named = Named::nowhere;
  // Of a form that does not name the model that its URL names: "--boundary", and peek.model_at is where a part may be
  // inserted. It lives as long as the intake.
  std::string_view form_opening{};
  bool stream = false;  // a stream is asked for, as far as is known

  const std::string& model() const { return peek.model; }  // as the caller names it; "": none
};

// For a request whose URL names the model, and whose JSON body does not: the edit that makes it name `model`.
// nullopt: no such request.
std::optional<api::Edit> missing_name(const Question& question, std::string_view body, std::string_view model);

// Whether usage must be requested for a streamed answer, and this target accepts that.
bool asks_usage(const Question& question, const routing::Target& target, const UsageRefusals* refusals);

// What has to change where other providers may have answered earlier turns of a conversation, and the target speaks its
// caller's dialect.
struct Foreign {
  std::string* dropped = nullptr;             // where to note what is left out; nullptr: no other provider can have
  std::optional<std::string> conversation{};  // the body with the turns that are kept here (kept_answers.h), if it
                                              // continues any: the target does not know them
};

// The edits of `body` for `target`. `body`: what has arrived, followed by net::read_padding_bytes readable bytes.
// bad_request: it names another model than the URL. Data bound to another origin is removed (foreign_data.h).
Result<std::vector<api::Edit>> edits_for(const Question& question, std::string_view body, const routing::Target& target,
                                         bool ask_usage, const Foreign& foreign = {});

}  // namespace sluice::gateway
