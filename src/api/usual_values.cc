#include "api/usual_values.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace sluice::api {
namespace {

std::optional<double> number_of(std::string_view spelled) {
  JsonDocument document;
  return document.parse(spelled) ? document.root().number() : std::nullopt;
}

bool has_usual_number(const Sampling& sampling, std::string_view path) {
  const std::pair<std::string_view, std::string_view> off_at_0[] = {{"presence_penalty", sampling.presence_penalty},
                                                                    {"frequency_penalty", sampling.frequency_penalty},
                                                                    {"min_p", sampling.min_p},
                                                                    {"top_k", sampling.top_k}};
  const std::pair<std::string_view, std::string_view> off_at_1[] = {
      {"temperature", sampling.temperature}, {"top_p", sampling.top_p}, {"repeat_penalty", sampling.repeat_penalty}};
  for (const auto& [name, value] : off_at_0) {
    if (name == path) return number_of(value) == 0;
  }
  for (const auto& [name, value] : off_at_1) {
    if (name == path) return number_of(value) == 1;
  }
  return false;
}

}  // namespace

bool is_usual(const Request& request, std::string_view path) {
  if (path == "service_tier") {
    const std::string_view tier = request.service_tier;
    return tier == "auto" || tier == "default" || tier == "standard" || tier == "standard_only";
  }
  if (path == "verbosity") return request.verbosity == "medium";
  return has_usual_number(request.sampling, path);
}

bool is_usual(const CarriedMember& member, std::span<const UsualValue> usual) {
  constexpr size_t max_bytes = 64;  // of a default, with white space
  if (member.value.size() > max_bytes) return false;
  std::string value(member.value);
  std::erase_if(value, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
  if (value == "null" || value == "[]" || value == R"("")") return true;
  return std::any_of(usual.begin(), usual.end(),
                     [&](const UsualValue& one) { return one.key == member.key.escaped && one.value == value; });
}

}  // namespace sluice::api
