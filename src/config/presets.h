// Providers that sluice knows by name: where they are, what they speak, how they are told the key, and which variable
// usually holds it. docs/configuration.md shows the same table; a test compares them.
#pragma once

#include <span>
#include <string_view>

#include "config/config.h"

namespace sluice::config {

// All views are literals.
struct Preset {
  std::string_view name;
  std::string_view base_url;       // of the first dialect
  std::string_view dialects;       // names, separated by spaces; the first is translated to
  std::string_view auth;           // as in the file: "bearer", "x-api-key", ...
  std::string_view key_variables;  // separated by spaces, the first that is set counts; "": needs no key
  std::string_view example_model;  // for the start-up block; "": none is always there
  bool ask_usage = true;           // false: it gives usage at the end of a stream unasked
  // Its variable is commonly set for something else, so that it counts only where the file names the provider.
  bool only_if_named = false;
  std::string_view anthropic_path = {};  // where its anthropic dialect lives, if not where base_url tells
  bool versions_at_root = false;         // what of openai's dialect stands beside a version does so at the host's root
};

std::span<const Preset> presets();
// nullptr if there is none of that name.
const Preset* preset_named(std::string_view name);
std::vector<std::string_view> preset_names();
std::vector<Dialect> dialects_of(const Preset& preset);
// Whether a dialect's paths stand below the version, so that the base URL ends in it: "https://api.openai.com/v1".
constexpr bool is_below_version(Dialect dialect) { return dialect == Dialect::openai || dialect == Dialect::responses; }
std::vector<std::string_view> key_variables_of(const Preset& preset);

// How an "auth" word is kept: bearer, none, or a header's name ("x-api-key"). False: not such a word. "header:NAME" is
// not handled here.
bool set_auth(Provider& provider, std::string_view word);
// The words set_auth() takes.
std::span<const std::string_view> auth_words();

// Fills provider.base_paths from its dialects. `base` is the dialect that base_url is meant for. openai and responses
// live below a version ("/v1"), the others' own paths bring theirs: going from one to the other, the version is added
// or taken away.
void set_base_paths(Provider& provider, Dialect base);
// The last segment where it is a version ("/v1", "/v1beta"), else "".
std::string_view version_of(std::string_view path);

// The provider as the preset has it, without a key.
Provider make_provider(const Preset& preset);

}  // namespace sluice::config
