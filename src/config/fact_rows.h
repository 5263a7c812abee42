// Facts about a provider's models, from the operator or a preset, that matter when requests of other dialects are
// translated for them. A row gives some facts about the models that it names.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

struct FactRow {
  std::string models;  // a name, or a prefix and '*'
  std::optional<uint32_t> context_window{}, max_output_tokens{}, max_tool_name{};
  std::optional<bool> continues_prefix{}, takes_sampling{}, takes_top_k{}, thinks{}, thinks_by_default{},
      takes_image_urls{}, takes_documents{}, takes_json_schema{}, takes_cache_marks{}, strict_tools{};
  std::string max_tokens_field{}, reasoning_field{};  // "": not given

  bool operator==(const FactRow&) const = default;
  bool is_of(std::string_view model) const;
};

// The fields of a row by type, in the order of the documentation.
struct FactFlag {
  std::string_view name;
  std::optional<bool> FactRow::*flag;
};
inline constexpr std::array<FactFlag, 10> fact_flags = {{{"continues_prefix", &FactRow::continues_prefix},
                                                         {"takes_sampling", &FactRow::takes_sampling},
                                                         {"takes_top_k", &FactRow::takes_top_k},
                                                         {"thinks", &FactRow::thinks},
                                                         {"thinks_by_default", &FactRow::thinks_by_default},
                                                         {"takes_image_urls", &FactRow::takes_image_urls},
                                                         {"takes_documents", &FactRow::takes_documents},
                                                         {"takes_json_schema", &FactRow::takes_json_schema},
                                                         {"takes_cache_marks", &FactRow::takes_cache_marks},
                                                         {"strict_tools", &FactRow::strict_tools}}};
struct FactNumber {
  std::string_view name;
  uint32_t least, most;
  std::optional<uint32_t> FactRow::*number;
};
inline constexpr uint32_t max_fact_tokens = 100'000'000, min_tool_name = 16, max_tool_name = 1024;
inline constexpr std::array<FactNumber, 3> fact_numbers = {
    {{"context_window", 1, max_fact_tokens, &FactRow::context_window},
     {"max_output_tokens", 1, max_fact_tokens, &FactRow::max_output_tokens},
     {"max_tool_name", min_tool_name, max_tool_name, &FactRow::max_tool_name}}};
inline constexpr std::array<std::string_view, 2> max_tokens_fields = {"max_tokens", "max_completion_tokens"};
inline constexpr std::array<std::string_view, 3> reasoning_fields = {"none", "reasoning_content", "reasoning_details"};

// Max rows per provider.
inline constexpr size_t max_fact_rows = 256;

}  // namespace sluice::config
