// The daemon's log: text or one JSON object a line, to standard output, written by a thread of its own. Secrets
// registered with it are masked in every line that is logged through it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::observe {

enum class Level : unsigned char { trace, debug, info, warn, error };

std::string_view name_of(Level level);
std::optional<Level> level_named(std::string_view name);  // as in the configuration

// One named value of a log line; numbers are given as text.
using LogField = std::pair<std::string_view, std::string_view>;

class Log {
 public:
  struct Options {
    Level level = Level::info;
    bool json = false;
    int fd = 1;  // where it writes
  };
  // What may wait for the writing thread; beyond, lines are dropped and counted.
  static constexpr size_t most_queued = 256;                    // write() and write_lines() calls
  static constexpr size_t most_queued_bytes = 4 * 1024 * 1024;  // of text

  explicit Log(const Options& options);
  ~Log();  // writes out what is queued; gives up on a reader that takes nothing for a second
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Every occurrence of one of `secrets` (those of 8 bytes or longer) in later lines is written as "***"; those given
  // before no longer are. Any thread.
  void mask(const std::vector<std::string>& secrets);
  // `text` as a line would show it, for what tells of errors elsewhere. Any thread.
  std::string masked(std::string_view text) const;
  bool enabled(Level level) const;
  // Lines below it are not written. Any thread; others see a change soon.
  Level level() const;
  void set_level(Level level);
  // "2026-01-01T00:00:00.000Z warn target refused connection target=openai/gpt-5 attempt=1". Any thread. Never
  // throws; a line that cannot be taken is dropped and counted.
  void write(Level level, std::string_view message, std::initializer_list<LogField> fields = {});
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(Level::info, message, fields);
  }
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(Level::warn, message, fields);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(Level::error, message, fields);
  }
  // As write(), whatever the level: what has to stand there, though it be no error.
  void always(Level level, std::string_view message, std::initializer_list<LogField> fields = {});
  bool json() const;
  // Whole lines, already formatted (access records). False if the queue is full and they were dropped.
  bool write_lines(std::string_view lines);
  // Calls of write() that were dropped; what follows them in the log says so too.
  uint64_t dropped_total() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::observe
