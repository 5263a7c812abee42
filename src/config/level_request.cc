#include "config/level_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "config/fields.h"

namespace sluice::config {

Result<std::string> read_level_request(std::string_view body) {
  const nlohmann::json parsed = nlohmann::json::parse(body, nullptr, false);
  if (parsed.is_object() && parsed.size() == 1) {
    if (const auto found = parsed.find("level"); found != parsed.end() && found->is_string()) {
      const auto& name = found->get_ref<const std::string&>();
      if (std::find(fields::log_levels.begin(), fields::log_levels.end(), name) != fields::log_levels.end()) {
        return name;
      }
    }
  }
  return fail(ErrorCode::bad_request,
              "the body must be {\"level\": LEVEL}, with a LEVEL of " + join(fields::log_levels));
}

}  // namespace sluice::config
