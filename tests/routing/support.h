// Configurations with targets, and plans as text.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "routing/router.h"

namespace sluice::routing::test {

inline config::Provider provider(std::string name, std::vector<std::string> models = {}) {
  config::Provider made;
  made.name = std::move(name);
  made.dialects = {Dialect::openai};
  made.models = std::move(models);
  return made;
}

// Providers a, b, c and d.
inline config::Config four_providers() {
  config::Config config;
  for (const char* name : {"a", "b", "c", "d"}) config.providers.push_back(provider(name));
  return config;
}

inline config::Model model(std::string name, std::vector<config::TargetRef> targets,
                           config::Order order = config::Order::listed, std::vector<std::string> fallbacks = {}) {
  config::Model made{std::move(name), std::move(targets)};
  made.order = order;
  made.fallbacks = std::move(fallbacks);
  return made;
}

// "a/x b/y", or the error.
inline std::string text_of(const Result<Plan>& plan) {
  if (!plan) return std::string(name_of(plan.error().code)) + ": " + plan.error().message;
  std::string text;
  for (const Target& target : plan->targets) text += (text.empty() ? "" : " ") + target.label();
  return text;
}

inline std::string why_of(const Result<Plan>& plan) {
  std::string text;
  for (const Target& target : plan->targets) text += (text.empty() ? "" : ", ") + std::string(target.why);
  return text;
}

}  // namespace sluice::routing::test
