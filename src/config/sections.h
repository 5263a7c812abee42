// The larger parts of sluice.json, one reader each; parse.cc puts them together. Only parse.cc and the readers
// themselves use this.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/reader.h"

namespace sluice::config {

void read_keys(Reading& reading, const Node& node, std::vector<CallerKey>& keys);
void read_providers(Reading& reading, const Node& node, std::vector<Provider>& providers);
// `provider_names`: all in the file, valid or not. Empty: they are discovered later, so any name may be valid.
void read_models(Reading& reading, const Node& node, const std::vector<std::string_view>& provider_names,
                 std::vector<Model>& models);

void read_hosts(Reading& reading, const ObjectReader& root, std::vector<std::string>& hosts);
void read_cors(Reading& reading, const Node& node, Cors& cors);
void read_alerts(Reading& reading, const Node& node, AlertSettings& alerts);

// The "limits" of a key, a provider or a model, if it has any.
void read_rate_limits(Reading& reading, const ObjectReader& parent, RateLimits& limits);

}  // namespace sluice::config
