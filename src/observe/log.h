// The program's log: text or one JSON object per line, written by a separate thread. Registered secrets are masked in
// every line.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
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

// One value of a log line: text, which must be valid during the call, or a number, which stays a number in JSON.
class LogValue {
 public:
  // NOLINTBEGIN(google-explicit-constructor): allows {"name", value} for any value.
  template <typename Text>
  requires std::convertible_to<Text, std::string_view> LogValue(const Text& text) : text_(text) {}
  template <std::integral Number>
  LogValue(Number number)
      : number_bytes_(static_cast<size_t>(std::to_chars(digits_, std::end(digits_), number).ptr - digits_)) {}
  // NOLINTEND(google-explicit-constructor)

  bool is_number() const { return number_bytes_ != 0; }
  std::string_view text() const { return is_number() ? std::string_view(digits_, number_bytes_) : text_; }

 private:
  std::string_view text_;
  size_t number_bytes_ = 0;
  char digits_[24];
};
struct LogField {
  std::string_view name;
  LogValue value;
};

// A line of the log as it is written, including its line break; nothing is masked.
std::string log_line(bool json, int64_t now_unix_ms, Level level, std::string_view message,
                     std::initializer_list<LogField> fields = {});

class Log {
 public:
  struct Options {
    Level level = Level::info;
    bool json = false;
    int fd = 1;                        // where to write
    std::function<int64_t()> unix_ms;  // the clock; called on any thread
  };
  // Limits of what waits for the writing thread; beyond them, lines are dropped and counted.
  static constexpr size_t max_queued = 256;                    // write() and write_lines() calls
  static constexpr size_t max_queued_bytes = 4 * 1024 * 1024;  // of text

  // Longer values of a line's fields are masked and cut to this many bytes.
  static constexpr size_t max_value_bytes = 4096;

  explicit Log(const Options& options);
  ~Log();  // writes what is queued; gives up on a reader that reads nothing for a second
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // In later lines, each of `secrets` (of 8 bytes or more) is replaced by "***". Replaces the secrets given before. Any
  // thread.
  void mask(const std::vector<std::string>& secrets);
  // `text` masked as in a line, for errors that are shown elsewhere. Any thread.
  std::string masked(std::string_view text) const;
  // The same for text that may be too long: masked first and then cut, so that no half of a secret is left.
  std::string cut_masked(std::string_view text, size_t max_bytes) const;
  bool enabled(Level level) const;
  // Lines below this level are not written. Any thread; other threads see a change soon.
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
  // Writes the line whatever the log's level, for lines that must appear although they are no errors.
  void always(Level level, std::string_view message, std::initializer_list<LogField> fields = {});
  bool json() const;
  // Whole lines, already formatted (access records). False if the queue is full and they were dropped.
  bool write_lines(std::string_view lines);
  // Calls of write() that were dropped; a later line reports them too.
  uint64_t dropped_total() const;
  // What could not be written: a full disk, a file size limit, a reader that went away. Reported on standard error
  // once, when it begins. Any thread.
  struct Losses {
    uint64_t records = 0, lines = 0;  // of write_lines() and of write()
    int error = 0;                    // errno of the last write; 0: it succeeded
  };
  Losses losses() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::observe
