#include "reloader.h"

#include <utility>

namespace sluice {

void mask_secrets(observe::Log& log, const config::Config& config) {
  for (const config::CallerKey& key : config.keys) log.mask(key.key);
  for (const config::Provider& provider : config.providers) {
    log.mask(provider.api_key);
    for (const auto& [name, value] : provider.headers) log.mask(value);
  }
  for (const std::string& secret : config.alerts.secrets) log.mask(secret);
}

Reloader::Reloader(const StartupOptions& options, config::Config running, Gateway& gateway, observe::Log& log)
    : options_(options), running_(std::move(running)), gateway_(gateway), log_(log), loaded_(stamp()), seen_(loaded_) {}

tl::expected<void, std::vector<std::string>> Reloader::reload(std::string_view why) {
  const auto refused = [&](std::vector<std::string> lines) {
    for (const std::string& line : lines) {
      log_.error("the configuration was not read again: the old one stays", {{"why", why}, {"reason", line}});
    }
    return tl::unexpected<std::vector<std::string>>(std::move(lines));
  };
  loaded_ = seen_ = stamp();
  if (!watches()) return refused({"sluice was started without a configuration file"});
  auto next = load_config(options_);
  if (!next) {
    gateway_.note_failed_reload();
    return refused(std::move(next.error().lines));
  }
  mask_secrets(log_, *next);
  const auto swapped = gateway_.reload(*next);
  if (!swapped) return refused({swapped.error()});
  for (const std::string& warning : next->warnings) log_.warn(warning);
  set_log_level(*next);
  tell_what_needs_a_restart(*next);
  running_ = std::move(*next);
  log_.info("configuration read again", {{"why", why},
                                         {"file", running_.file},
                                         {"providers", std::to_string(running_.providers.size())},
                                         {"models", std::to_string(running_.models.size())},
                                         {"keys", std::to_string(running_.keys.size())}});
  return {};
}

// A level that the file has not changed stays as it was set since.
void Reloader::set_log_level(const config::Config& next) {
  if (next.log.level == running_.log.level) return;
  const observe::Level before = log_.level();
  const observe::Level level = observe::level_named(next.log.level).value_or(before);
  log_.set_level(level);
  log_.write(observe::Level::error, "the log's level was changed",
             {{"from", observe::name_of(before)}, {"to", observe::name_of(level)}});
}

void Reloader::tell_what_needs_a_restart(const config::Config& next) {
  const auto tell = [this](bool changed, std::string_view field) {
    if (changed) log_.warn("a change that only a restart brings in force", {{"field", field}});
  };
  tell(next.workers != running_.workers, "workers");
  tell(next.pid_file != running_.pid_file, "pid_file");
  tell(next.log.json != running_.log.json, "log.format");
  tell(next.log.file != running_.log.file, "log.file");
}

bool Reloader::file_has_changed() {
  const Stamp now = stamp();
  const bool settled = now == seen_;
  seen_ = now;
  return settled && now != loaded_ && now != Stamp{};  // a file that is being replaced may be missing for a moment
}

Reloader::Stamp Reloader::stamp() const {
  struct stat status = {};
  if (running_.file.empty() || ::stat(running_.file.c_str(), &status) != 0) return {};
  return {status.st_ino, static_cast<uint64_t>(status.st_size),
          int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace sluice
