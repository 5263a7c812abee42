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

// How a dialect writes them. `created_s`: Unix time that stands for every model's creation.
struct ModelShape {
  std::string_view opening;  // of a list, with its bracket
  void (*write)(const ListedModel& model, int64_t created_s, std::string& out);
  void (*write_alone)(const ListedModel& model, int64_t created_s, std::string& out) = nullptr;  // null: as in a list
  void (*write_ending)(std::span<const ListedModel> models, std::string& out) = nullptr;  // behind the list's bracket
};
void write_plain_model(const ListedModel& model, int64_t created_s, std::string& out);
// As OpenAI has it, and all whose models are listed at its path.
inline constexpr ModelShape plain_model_shape{R"({"object":"list","data":[)", write_plain_model};

std::string model_list_body(Dialect dialect, std::span<const ListedModel> models, int64_t created_s);
std::string model_body(Dialect dialect, const ListedModel& model, int64_t created_s);

}  // namespace sluice::api
