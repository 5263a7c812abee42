#include "tool/supervisor.h"

#include <algorithm>

namespace sluice {
namespace {

// Added to the grace in what the service manager is asked to wait: workers end, the log is flushed.
constexpr uint64_t ending_ms = 10'000;

}  // namespace

void Supervisor::run() {
  parts_.notifier.tell("READY=1\nSTATUS=listens on " + addresses());
  while (wait_until(Signals::forever) != Event::terminate) {
  }
  const uint32_t grace_ms = parts_.reloader.shutdown_grace_ms();
  parts_.log.info("draining: new requests are refused, running ones may finish", {{"grace_ms", grace_ms}});
  parts_.notifier.tell("STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=" +
                       std::to_string((grace_ms + ending_ms) * 1000));
  parts_.gateway.drain([this] {
    drained_ = true;
    parts_.signals.poke();
  });
  switch (wait_until(now_ms() + grace_ms)) {
    case Event::drained:
      return parts_.log.info("drained");
    case Event::terminate:
      return parts_.log.warn("second signal: exiting immediately");
    case Event::time_is_up:
      return parts_.log.warn("the grace period is over: cutting what still runs");
  }
}

Supervisor::Event Supervisor::wait_until(uint64_t deadline_ms) {
  while (true) {
    feed_watchdog();
    if (drained_) return Event::drained;
    const uint64_t now = now_ms();
    if (now >= deadline_ms) return Event::time_is_up;
    const uint64_t left_ms = deadline_ms == Signals::forever ? Signals::forever : deadline_ms - now;
    switch (parts_.signals.wait(std::min(left_ms, watchdog_.wait_ms(now)))) {
      case Signals::Woken::terminate:
        return Event::terminate;
      case Signals::Woken::reopen:
        reopen_log();
        break;
      case Signals::Woken::reload:
        parts_.reloader.ask("SIGHUP");
        break;
      case Signals::Woken::poked:
      case Signals::Woken::timeout:
        break;
    }
  }
}

void Supervisor::feed_watchdog() {
  if (watchdog_.feeds()) parts_.notifier.tell("WATCHDOG=1");
  if (!watchdog_.asks(now_ms())) return;
  parts_.gateway.when_all_turned([this] {
    watchdog_.answered();
    parts_.signals.poke();
  });
}

void Supervisor::reopen_log() {
  if (parts_.log_file == nullptr) return parts_.log.info("SIGUSR1: no log.file to reopen");
  if (const Result<void> opened = parts_.log_file->reopen(); !opened) {
    return parts_.log.error("the old log file stays in use", {{"reason", opened.error().message}});
  }
  parts_.log.info("log file reopened");
}

std::string Supervisor::addresses() const {
  std::string text;
  for (const std::string& address : parts_.gateway.addresses()) text += (text.empty() ? "" : ", ") + address;
  return text;
}

}  // namespace sluice
