#include "config/validate.h"

#include "base/name_index.h"
#include "base/text.h"
#include "config/presets.h"
#include "config/reader.h"

namespace sluice::config {
namespace {

void check_reach(const Config& config, std::vector<Problem>& problems) {
  if (!config.keys.empty()) return;
  for (const Address& address : config.listen) {
    if (address.is_loopback_or_unix()) continue;
    Problem problem;
    problem.source = config.file;
    problem.path = "listen";
    problem.what = address.text() +
                   " is reachable from other machines and no key is required: anyone who finds it can use your "
                   "providers. Add to " +
                   (config.file.empty() ? "sluice.json" : config.file) +
                   " the line\n  \"keys\": [{\"name\": \"me\", \"key\": \"${SLUICE_KEY}\"}],\nand set the variable:\n"
                   "  export SLUICE_KEY=$(openssl rand -hex 24)\nor listen on " +
                   default_address().text() + " only";
    problems.push_back(std::move(problem));
    return;  // once is enough
  }
}

void check_cors(Config& config, std::vector<Problem>& problems) {
  for (const std::string& origin : config.cors.origins) {
    if (origin != "*") continue;
    if (config.keys.empty()) {
      Problem problem;
      problem.source = config.file;
      problem.path = "cors.origins";
      problem.what =
          "* without keys lets any web page opened on this machine use your providers; list the allowed origins, or "
          "add keys";
      problems.push_back(std::move(problem));
      return;
    }
    config.warnings.push_back("cors.origins: *, so that a page of any origin may call with a key that it knows");
  }
}

void check_models(const Config& config, std::vector<Problem>& problems) {
  std::vector<std::string_view> names;
  NameIndex known(config.providers.size());
  for (const Provider& provider : config.providers) {
    names.push_back(provider.name);
    known.add(provider.name, 0);
  }
  for (const Model& model : config.models) {
    for (const TargetRef& target : model.targets) {
      if (known.find(target.provider) != NameIndex::none) continue;
      if (problems.size() == max_problems) return;
      problems.push_back(
          {config.file, 0, 0, child_path("models", model.name), "no provider is called " + target.provider,
           problems.size() < max_suggestions ? nearest_one(target.provider, names) : "", "known: " + join(names)});
    }
  }
}

// Warns of a dubious base URL: one that ends in a path that sluice adds itself, or without a path where most have one.
void warn_of_base(const Provider& provider, const std::string& path, std::vector<std::string>& warnings) {
  const Url& url = provider.base_url;
  for (const std::string_view end : {"/chat/completions", "/completions", "/messages", "/responses", "/api/chat"}) {
    if (!url.path.ends_with(end)) continue;
    warnings.push_back(path + ".base_url: " + std::string(end) + " is added by sluice; leave it out");
    return;
  }
  const Preset* preset = preset_named(provider.name);
  const bool own = preset == nullptr || make_provider(*preset).base_url != url;
  if (own && url.path.empty() && !provider.dialects.empty() && is_below_version(provider.dialects.front())) {
    warnings.push_back(path + ".base_url: has no path, and sluice will ask for " + url.text() +
                       "/chat/completions; most want " + url.text() + "/v1");
  }
}

void warn_of_provider(const Provider& provider, std::vector<std::string>& warnings) {
  const std::string path = child_path("providers", provider.name);
  const Url& url = provider.base_url;
  if (provider.insecure_skip_verify && url.tls) {
    warnings.push_back(path + ": its certificate is not verified (insecure_skip_verify)");
  }
  const Address address{url.host, url.port, ""};
  const bool sends_key = !provider.api_key.empty() || provider.caller_key;
  if (sends_key && !url.tls && !url.demo && !address.is_loopback_or_unix()) {
    warnings.push_back(path + ": its key is sent unencrypted, over http://");
  }
  if (url.demo) return;
  warn_of_base(provider, path, warnings);
  for (const Dialect dialect : provider.dialects) {
    const std::string_view base = provider.path_for(dialect);
    if (!is_below_version(dialect) && (base.ends_with("/v1") || base.ends_with("/v1beta"))) {
      warnings.push_back(path + ".base_url: " + std::string(name_of(dialect)) + " paths bring their own version (" +
                         std::string(base) + " is put before it); leave it out");
    }
  }
}

}  // namespace

Address default_address() { return {"127.0.0.1", 8000, ""}; }

std::vector<Problem> validate(Config& config) {
  std::vector<Problem> problems;
  check_reach(config, problems);
  check_cors(config, problems);
  check_models(config, problems);
  for (const Provider& provider : config.providers) warn_of_provider(provider, config.warnings);
  return problems;
}

}  // namespace sluice::config
