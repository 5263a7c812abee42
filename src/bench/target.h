// Where a run's requests go: what the command line's URL means.
#pragma once

#include <string>
#include <string_view>

#include "base/dialect.h"
#include "base/result.h"
#include "config/url.h"

namespace sluice::bench {

struct BenchTarget {
  config::Url url;
  std::string api_path;  // before "/models": "/v1", "/openai/v1"

  std::string models_path() const { return api_path + "/models"; }
  std::string answer_path(Dialect dialect) const {
    return api_path + (dialect == Dialect::anthropic ? "/messages" : "/chat/completions");
  }
  std::string url_of(std::string_view path) const;  // for people
};

// "http://127.0.0.1:8000", "https://api.openai.com/v1", "http://[::1]:8000/v1/chat/completions". "/v1" is added to a
// path without a version. The error (code config) says what is wrong and never repeats the text, which may contain a
// password.
Result<BenchTarget> target_from(std::string_view text);

}  // namespace sluice::bench
