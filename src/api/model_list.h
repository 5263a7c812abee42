// /v1/models and /v1/models/{id} in the words of whoever asks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/dialect.h"

namespace sluice::api {

struct ListedModel {
  std::string id;
  std::string owner;  // the provider's name
};

// `created_s`: Unix time that stands for every model's creation. anthropic, gemini (/v1beta/models) and ollama
// (/api/tags, /api/show) have forms of their own; responses has openai's.
std::string model_list_body(Dialect dialect, std::span<const ListedModel> models, int64_t created_s);
std::string model_body(Dialect dialect, const ListedModel& model, int64_t created_s);

}  // namespace sluice::api
