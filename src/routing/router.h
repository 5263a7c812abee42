// Which target answers a request: from the model name a caller used to one model at one provider. Pure: reads the
// configuration only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/dialect.h"
#include "base/result.h"
#include "config/config.h"

namespace sluice::routing {

struct Target {
  const config::Provider* provider = nullptr;  // lives as long as the Config
  std::string model;                           // what the provider calls it; empty for requests without a model
  const config::Model* entry = nullptr;        // of the config, where the caller used a name of its `models`
  std::string label() const;                   // "provider/model", for records and headers
};

class Router {
 public:
  // `config` must outlive the router.
  explicit Router(const config::Config& config) : config_(config) {}

  // In this order: a name of `models`; "provider/model"; the one provider that lists the name; the provider of its
  // family. unknown_model names the nearest known names. An empty `name` goes to the provider that speaks `dialect`:
  // the only one, or the one named like the dialect's maker. bad_request: a control character in `name`.
  Result<Target> route(std::string_view name, Dialect dialect) const;
  // Every name that can be told beforehand, for /v1/models: (name, provider).
  std::vector<std::pair<std::string, std::string>> known_models() const;

 private:
  Result<Target> route_without_model(Dialect dialect) const;
  const config::Provider* lister_of(std::string_view name) const;
  Error unknown(std::string_view name) const;

  const config::Config& config_;
};

}  // namespace sluice::routing
