#include "tool/reloader.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "config/secret.h"

namespace sluice {
namespace {

constexpr size_t max_lines = 50;  // per kind in the log; `sluice check` prints all

std::string what_more(size_t lines) {
  return "and " + std::to_string(lines - max_lines) + " more; run sluice check to see all";
}

}  // namespace

void log_warnings(observe::Log& log, const std::vector<std::string>& warnings) {
  for (size_t i = 0; i < std::min(warnings.size(), max_lines); ++i) log.warn(warnings[i]);
  if (warnings.size() > max_lines) log.warn(what_more(warnings.size()));
}

void mask_secrets(observe::Log& log, std::initializer_list<const config::Config*> configs) {
  std::vector<std::string> secrets;
  for (const config::Config* config : configs) {
    for (const config::CallerKey& key : config->keys) {
      if (!key.key.empty()) secrets.push_back(key.key);
      for (const config::OlderSecret& older : key.older) {
        if (!older.key.empty()) secrets.push_back(older.key);
      }
    }
    for (const config::Provider& provider : config->providers) {
      for (size_t i = 0; i < provider.key_count(); ++i) secrets.push_back(provider.key_at(i));
      for (const auto& [name, value] : provider.headers) {
        secrets.push_back(value);
        secrets.emplace_back(config::without_scheme(value));
      }
      if (provider.proxy) secrets.push_back(provider.proxy->password());
    }
    secrets.insert(secrets.end(), config->alerts.secrets.begin(), config->alerts.secrets.end());
  }
  log.mask(secrets);
}

Reloader::Reloader(const StartupOptions& options, std::shared_ptr<const config::Config> running, Gateway& gateway,
                   observe::Log& log, const daemon::Notifier& notifier, const net::Clock& clock)
    : options_(options),
      gateway_(gateway),
      log_(log),
      notifier_(notifier),
      clock_(clock),
      grace_ms_(running->shutdown_grace_ms),
      running_(std::move(running)),
      loaded_(stamp()),
      seen_(loaded_) {}

void Reloader::start() {
  thread_ = std::thread([this] { run(); });
}

void Reloader::ask(std::string why, Gateway::Reloaded done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      asked_.push_back({std::move(why), std::move(done)});
      wake_.notify_one();
      return;
    }
  }
  if (done) done({"sluice is shutting down"});
}

void Reloader::stop() {
  std::vector<Asked> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(asked_);
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  for (const Asked& one : left) {
    if (one.done) one.done({"sluice is shutting down"});
  }
}

void Reloader::run() {
  while (true) {
    const std::vector<Asked> asked = wait();
    {
      const std::lock_guard lock(mutex_);
      if (stopped_ && asked.empty()) return;
    }
    gateway_.tidy();
    if (!asked.empty()) {
      answer(asked);
    } else if (watches() && file_has_changed()) {
      answer({{"the file has changed", nullptr}});
    }
  }
}

// Waits for a request to reload, or until it is time to look at the file.
std::vector<Reloader::Asked> Reloader::wait() {
  std::unique_lock lock(mutex_);
  const auto awake = [this] { return stopped_ || !asked_.empty(); };
  if (watches()) {
    wake_.wait_for(lock, watch_every, awake);
  } else {
    wake_.wait(lock, awake);
  }
  return std::exchange(asked_, {});
}

// All requests made before this starts are served by one reload.
void Reloader::answer(const std::vector<Asked>& asked) {
  notifier_.tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(clock_.monotonic_ns() / 1000));
  const auto done = reload(asked.front().why);
  std::string addresses;
  for (const std::string& address : gateway_.addresses()) addresses += (addresses.empty() ? "" : ", ") + address;
  notifier_.tell("READY=1\nSTATUS=listens on " + addresses);
  for (const Asked& one : asked) {
    if (one.done) one.done(done ? std::vector<std::string>() : done.error());
  }
}

tl::expected<void, std::vector<std::string>> Reloader::reload(const std::string& why) {
  const auto refused = [&](std::vector<std::string> lines) {
    const auto tell = [&](const std::string& reason) {
      log_.error("reload failed: the old configuration stays in force", {{"why", why}, {"reason", reason}});
    };
    for (size_t i = 0; i < std::min(lines.size(), max_lines); ++i) tell(lines[i]);
    if (lines.size() > max_lines) tell(what_more(lines.size()));
    return tl::unexpected<std::vector<std::string>>(std::move(lines));
  };
  loaded_ = seen_ = stamp();
  if (!watches()) return refused({"sluice was started without a configuration file"});
  auto loaded = load_config(options_, clock_);
  if (!loaded) {
    gateway_.note_failed_reload();
    return refused(std::move(loaded.error().lines));
  }
  const auto next = std::make_shared<const config::Config>(std::move(*loaded));
  mask_secrets(log_, {running_.get(), next.get()});  // exchanges under way still use the old one
  const auto swapped = gateway_.reload(next);
  if (!swapped) return refused({swapped.error()});
  log_warnings(log_, next->warnings);
  set_log_level(*next, why);
  tell_what_needs_a_restart(*next);
  grace_ms_ = next->shutdown_grace_ms;
  running_ = next;
  log_.info("configuration reloaded", {{"why", why},
                                       {"file", running_->file},
                                       {"providers", running_->providers.size()},
                                       {"models", running_->models.size()},
                                       {"keys", running_->keys.size()}});
  return {};
}

// A level set at run time is kept unless the file's level has changed.
void Reloader::set_log_level(const config::Config& next, const std::string& why) {
  if (next.log.level == running_->log.level) return;
  const observe::Level before = log_.level();
  const observe::Level level = observe::level_named(next.log.level).value_or(before);
  log_.set_level(level);
  log_.always(observe::Level::info, "the log's level was changed",
              {{"from", observe::name_of(before)}, {"to", observe::name_of(level)}, {"why", why}});
}

void Reloader::tell_what_needs_a_restart(const config::Config& next) {
  const auto tell = [this](bool changed, std::string_view field) {
    if (changed) log_.warn("a change that needs a restart", {{"field", field}});
  };
  tell(next.workers != running_->workers, "workers");
  tell(next.pid_file != running_->pid_file, "pid_file");
  tell(next.log.json != running_->log.json, "log.format");
  tell(next.log.file != running_->log.file, "log.file");
}

bool Reloader::file_has_changed() {
  const Stamp now = stamp();
  const bool unchanged = now == seen_;
  seen_ = now;
  return unchanged && now != loaded_ && now != Stamp{};  // while it is being replaced, a file may be missing for a
                                                         // moment
}

Reloader::Stamp Reloader::stamp() const {
  struct stat status = {};
  if (running_->file.empty() || ::stat(running_->file.c_str(), &status) != 0) return {};
  return {status.st_ino, static_cast<uint64_t>(status.st_size),
          int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace sluice
