// Any text is either a configuration or a list of problems, each of which is one non-empty line without a secret.
#include <optional>
#include <string>

#include "config/parse.h"
#include "fuzz/fuzz.h"

namespace {

using namespace sluice;
using fuzz::check;

constexpr std::string_view secret = "s3cr3t-of-the-environment";

std::optional<std::string> environment(std::string_view name) {
  if (name.ends_with("KEY")) return std::string(secret);
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  // Files of secrets and certificates would be opened: skip texts that may name device files.
  if (text.find("file") != std::string::npos && text.find("/dev/") != std::string::npos) return 0;
  if (text.find(secret) != std::string::npos) return 0;  // the text itself contains the secret, and may be quoted
  const auto config = config::parse(text, "", environment);
  if (!config) {
    check(!config.error().empty(), "a refusal names its reason");
    for (const config::Problem& problem : config.error()) {
      const std::string line = describe(problem);
      check(!line.empty() && line.find('\n') == std::string::npos, "a problem is one line");
      check(line.find(secret) == std::string::npos, "no secret is told");
    }
    return 0;
  }
  for (const std::string& warning : config->warnings)
    check(warning.find(secret) == std::string::npos, "no secret is told");
  for (const config::Address& address : config->listen) check(!address.text().empty(), "an address has a text");
  for (const config::Provider& provider : config->providers)
    check(!provider.dialects.empty(), "a provider speaks something");
  return 0;
}
