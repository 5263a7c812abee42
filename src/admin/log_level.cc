#include "admin/log_level.h"

#include "base/json_writer.h"
#include "config/level_request.h"

namespace sluice::admin {

std::string log_level_body(const observe::Log& log) {
  std::string body;
  JsonWriter(body).object().member("level", name_of(log.level())).end_object().line_end();
  return body;
}

Result<void> change_log_level(observe::Log& log, std::string_view body, std::string_view key, std::string_view peer) {
  const Result<std::string> name = config::read_level_request(body);
  if (!name) return tl::unexpected<Error>(name.error());
  const observe::Level before = log.level();
  const observe::Level level = observe::level_named(*name).value_or(before);
  log.set_level(level);
  log.always(observe::Level::info, "the log's level was changed",
             {{"from", name_of(before)}, {"to", name_of(level)}, {"key", key}, {"peer", peer}});
  return {};
}

}  // namespace sluice::admin
