// Providers that sluice knows by name: base URL, dialects, authentication, and the variable that usually holds the key.
// docs/configuration.md shows the same table; a test compares them.
#pragma once

#include <span>
#include <string_view>

#include "config/config.h"

namespace sluice::config {

// All views are literals.
struct Preset {
  std::string_view name;
  std::string_view base_url;       // of the first dialect
  std::string_view dialects;       // names, separated by spaces; translation targets the first
  std::string_view auth;           // as in the file: "bearer", "x-api-key", ...
  std::string_view key_variables;  // separated by spaces, the first one set wins; "": needs no key
  std::string_view example_model;  // for the start-up block; "": no model is always there
  bool ask_usage = true;           // false: it sends usage at the end of a stream unasked
  // Its variable is often set for other purposes, so it counts only if the file names the provider.
  bool only_if_named = false;
  std::string_view anthropic_path = {};  // where its anthropic dialect lives, if base_url does not imply it
  bool versions_at_root = false;         // openai paths outside the version are at the host's root
};

std::span<const Preset> presets();
// nullptr if there is no preset of that name.
const Preset* preset_named(std::string_view name);
std::vector<std::string_view> preset_names();
std::vector<Dialect> dialects_of(const Preset& preset);
// Whether a dialect's paths are below the version, so that the base URL ends in it: "https://api.openai.com/v1".
constexpr bool is_below_version(Dialect dialect) { return dialect == Dialect::openai || dialect == Dialect::responses; }
std::vector<std::string_view> key_variables_of(const Preset& preset);

// Sets the "auth" word: bearer, none, or a header field's name ("x-api-key"). False: unknown word. "header:NAME" is not
// handled here.
bool set_auth(Provider& provider, std::string_view word);
// The words that set_auth() accepts.
std::span<const std::string_view> auth_words();

// Fills provider.base_paths from its dialects. `base` is the dialect that base_url is for. Paths of openai and
// responses are below a version ("/v1"), those of the others contain one: converting between the two adds or removes
// the version.
void set_base_paths(Provider& provider, Dialect base);
// The last segment if it is a version ("/v1", "/v1beta"), else "".
std::string_view version_of(std::string_view path);

// The preset's provider, without a key.
Provider make_provider(const Preset& preset);

}  // namespace sluice::config
