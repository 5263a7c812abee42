#include "observe/log.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <system_error>

#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_text.h"
#include "observe/fd_writer.h"
#include "observe/line.h"
#include "observe/line_thread.h"
#include "observe/secret_mask.h"

namespace sluice::observe {
namespace {

constexpr std::array<std::string_view, 5> level_names = {"trace", "debug", "info", "warn", "error"};

// Masks and cuts a text that is too long.
using Shorten = std::function<std::string(std::string_view)>;

// Appends a field's value, quoted and escaped as the form requires.
void append_value(std::string& line, bool json, const LogValue& value, const Shorten& shorten) {
  if (value.is_number()) {
    line += value.text();
    return;
  }
  std::string shorter;
  std::string_view text = value.text();
  if (text.size() > Log::max_value_bytes && shorten) text = shorter = shorten(text);
  if (json) {
    append_json_string(line, text);
  } else {
    append_word(line, text);
  }
}

std::string make_line(bool json, int64_t now_unix_ms, Level level, std::string_view message,
                      std::initializer_list<LogField> fields, const Shorten& shorten = nullptr) {
  std::string line;
  line.reserve(256);
  if (json) line += "{\"time\":\"";
  line += TimeText(now_unix_ms).view();
  line += json ? "\",\"level\":\"" : " ";
  line += name_of(level);
  line += json ? "\",\"message\":\"" : " ";
  append_json_escaped(line, message);
  if (json) line += '"';
  for (const auto& [name, value] : fields) {
    line += json ? ",\"" : " ";
    append_json_escaped(line, name);
    line += json ? "\":" : "=";
    append_value(line, json, value, shorten);
  }
  line += json ? "}\n" : "\n";
  return line;
}

// Limits what waits for the writing thread, in entries and bytes. Beyond that, new entries are rejected.
class Backlog {
 public:
  bool take(size_t bytes) {
    if (entries_.fetch_add(1) < Log::max_queued) {
      // An entry larger than the limit is accepted if nothing else waits.
      const size_t before = bytes_.fetch_add(bytes);
      if (before == 0 || before + bytes <= Log::max_queued_bytes) return true;
      bytes_.fetch_sub(bytes);
    }
    entries_.fetch_sub(1);
    return false;
  }
  void release(size_t bytes) {
    bytes_.fetch_sub(bytes);
    entries_.fetch_sub(1);
  }
  // Releases at the end of its scope, exceptions included.
  class Release {
   public:
    Release(Backlog& backlog, size_t bytes) : backlog_(backlog), bytes_(bytes) {}
    ~Release() { backlog_.release(bytes_); }
    Release(const Release&) = delete;
    Release& operator=(const Release&) = delete;

   private:
    Backlog& backlog_;
    const size_t bytes_;
  };

 private:
  std::atomic<size_t> entries_{0}, bytes_{0};
};

// The writing thread's side: masks and writes lines that are already formatted.
class LineSink {
 public:
  explicit LineSink(const Log::Options& options)
      : writer_(options.fd), json_(options.json), unix_ms_(options.unix_ms) {}

  void write(std::string_view lines, LineKind kind) {
    {
      const Backlog::Release release(backlog, lines.size());
      put(lines, kind == LineKind::records ? records_lost : lines_lost);
    }
    tell_of_losses();
    const uint64_t dropped = dropped_total.load(std::memory_order_relaxed);
    if (dropped == reported_) return;
    put(make_line(json_, unix_ms_(), Level::warn, "log lines were dropped", {{"count", dropped - reported_}}),
        lines_lost);
    reported_ = dropped;
  }

  void mask(std::shared_ptr<const SecretMask> next) {
    const std::lock_guard lock(mutex_);
    mask_.swap(next);  // the old one is freed after the lock is released
  }
  std::string masked(std::string_view text) const {
    std::string scratch;
    return std::string(mask()->apply(text, scratch));
  }
  void close_soon() { writer_.close_soon(); }

  Backlog backlog;
  std::atomic<uint64_t> dropped_total{0};
  std::atomic<uint64_t> records_lost{0}, lines_lost{0};  // because they could not be written
  std::atomic<int> error{0};                             // errno of the last write

 private:
  std::shared_ptr<const SecretMask> mask() const {
    const std::lock_guard lock(mutex_);
    return mask_;
  }
  void put(std::string_view lines, std::atomic<uint64_t>& lost) {
    const size_t given_up = writer_.write(mask()->apply(lines, scratch_));
    if (given_up != 0) lost.fetch_add(given_up, std::memory_order_relaxed);
    error.store(writer_.error(), std::memory_order_relaxed);
    if (scratch_.capacity() > 256 * 1024) std::string().swap(scratch_);
  }

  // Reports on standard error when writing begins to fail, and in the log when it works again.
  void tell_of_losses() {
    const int now = error.load(std::memory_order_relaxed);
    if (now != 0) {
      if (!failing_) say_on_stderr(now);
      failing_ = true;
      return;
    }
    if (!failing_) return;
    failing_ = false;
    const uint64_t records = records_lost.load(std::memory_order_relaxed),
                   lines = lines_lost.load(std::memory_order_relaxed);
    put(make_line(json_, unix_ms_(), Level::error, "the log can be written again; what came meanwhile is lost",
                  {{"records", records - records_told_}, {"lines", lines - lines_told_}}),
        lines_lost);
    records_told_ = records;
    lines_told_ = lines;
  }
  [[gnu::cold]] void say_on_stderr(int why) const {
    const std::string reason = std::generic_category().message(why);
    std::string line = "sluice: the log cannot be written (" + reason + "); lines are lost until it can be\n";
    if (json_)
      line = make_line(true, unix_ms_(), Level::error, "the log cannot be written; lines are lost until it can be",
                       {{"reason", reason}});
    FdWriter(STDERR_FILENO).write(line);
  }

  FdWriter writer_;
  const bool json_;
  const std::function<int64_t()> unix_ms_;
  bool failing_ = false;
  uint64_t records_told_ = 0, lines_told_ = 0;
  mutable std::mutex mutex_;
  std::shared_ptr<const SecretMask> mask_ = std::make_shared<const SecretMask>();  // guarded by mutex_
  std::string scratch_;
  uint64_t reported_ = 0;
};

}  // namespace

std::string log_line(bool json, int64_t now_unix_ms, Level level, std::string_view message,
                     std::initializer_list<LogField> fields) {
  return make_line(json, now_unix_ms, level, message, fields);
}

std::string_view name_of(Level level) { return level_names[static_cast<size_t>(level)]; }

std::optional<Level> level_named(std::string_view name) {
  for (size_t i = 0; i < level_names.size(); ++i) {
    if (level_names[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

struct Log::State {
  explicit State(const Options& log_options)
      : options(log_options),
        level(options.level),
        sink(options),
        thread(max_queued, [this](std::string_view lines, LineKind kind) { sink.write(lines, kind); }) {}

  bool post(std::string_view lines, LineKind kind) {
    if (!sink.backlog.take(lines.size())) return false;
    try {
      thread.post(lines, kind);
      return true;
    } catch (...) {
      // Out of memory: the entry was not queued.
      sink.backlog.release(lines.size());
      return false;
    }
  }

  const Options options;
  std::atomic<Level> level;  // options.level at first
  LineSink sink;
  LineThread thread;  // last member: it must end, with everything written, before the others are destroyed
};

Log::Log(const Options& options) : state_(std::make_unique<State>(options)) {}

Log::~Log() { state_->sink.close_soon(); }

void Log::mask(const std::vector<std::string>& secrets) {
  state_->sink.mask(std::make_shared<const SecretMask>(secrets));
}

std::string Log::masked(std::string_view text) const { return state_->sink.masked(text); }

std::string Log::cut_masked(std::string_view text, size_t max_bytes) const {
  // Text far beyond the cut is not looked at. A secret that begins before the cut is masked whole.
  constexpr size_t max_secret = 8192;
  std::string shorter = masked(text.substr(0, max_bytes + max_secret));
  shorter.resize(cut_at(shorter, max_bytes));
  return shorter;
}

bool Log::enabled(Level level) const { return level >= this->level(); }

Level Log::level() const { return state_->level.load(std::memory_order_relaxed); }

void Log::set_level(Level level) { state_->level.store(level, std::memory_order_relaxed); }

void Log::write(Level level, std::string_view message, std::initializer_list<LogField> fields) {
  if (enabled(level)) always(level, message, fields);
}

void Log::always(Level level, std::string_view message, std::initializer_list<LogField> fields) {
  const Shorten shorten = [this](std::string_view text) { return cut_masked(text, max_value_bytes); };
  try {
    if (state_->post(make_line(state_->options.json, state_->options.unix_ms(), level, message, fields, shorten),
                     LineKind::lines))
      return;
  } catch (...) {
    // Out of memory: the line is lost.
  }
  state_->sink.dropped_total.fetch_add(1, std::memory_order_relaxed);
}

Log::Losses Log::losses() const {
  const LineSink& sink = state_->sink;
  return {sink.records_lost.load(std::memory_order_relaxed), sink.lines_lost.load(std::memory_order_relaxed),
          sink.error.load(std::memory_order_relaxed)};
}

bool Log::json() const { return state_->options.json; }

bool Log::write_lines(std::string_view lines) { return state_->post(lines, LineKind::records); }

uint64_t Log::dropped_total() const { return state_->sink.dropped_total.load(std::memory_order_relaxed); }

}  // namespace sluice::observe
