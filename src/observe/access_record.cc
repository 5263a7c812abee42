#include "observe/access_record.h"

#include <charconv>
#include <concepts>
#include <cstring>
#include <deque>
#include <memory>
#include <utility>

#include "base/json_writer.h"
#include "base/time_text.h"
#include "observe/line.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace sluice::observe {
namespace {

// Both forms write into memory that is known to be large enough (room_for), which is much faster than appending about a
// hundred pieces to a string. Names are literals that need no escaping; only write_fields decides the order.
class Form {
 public:
  explicit Form(char* at) : at_(at) {}
  char* end() const { return at_; }

  template <size_t size>
  void literal(const char (&text)[size]) {
    std::memcpy(at_, text, size - 1);
    at_ += size - 1;
  }
  // A fast path: most numbers are short, and std::to_chars counts the digits first.
  void number(uint64_t value) {
    if (value < 10) {
      *at_++ = static_cast<char>('0' + value);
    } else if (value < 10'000) {
      const auto few = static_cast<unsigned>(value);
      if (few > 999) *at_++ = static_cast<char>('0' + few / 1000);
      if (few > 99) *at_++ = static_cast<char>('0' + few / 100 % 10);
      *at_++ = static_cast<char>('0' + few / 10 % 10);
      *at_++ = static_cast<char>('0' + few % 10);
    } else {
      at_ = std::to_chars(at_, at_ + 20, value).ptr;
    }
  }
  void bytes(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

 private:
  char* at_;
};

class JsonForm : public Form {
 public:
  using Form::Form;

  template <size_t size>
  void name(const char (&name)[size]) {
    literal(",\"");
    literal(name);
    literal("\":");
  }
  void word(std::string_view text) {
    literal("\"");
    bytes(text);
    literal("\"");
  }
  void value(std::string_view text) {
    literal("\"");
    if (is_plain_json(text)) {
      bytes(text);
    } else {
      std::string escaped;
      append_json_escaped(escaped, text);
      bytes(escaped);
    }
    literal("\"");
  }
};

class TextForm : public Form {
 public:
  using Form::Form;

  template <size_t size>
  void name(const char (&name)[size]) {
    literal(" ");
    literal(name);
    literal("=");
  }
  void word(std::string_view text) { bytes(text); }
  void value(std::string_view text) {
    if (is_word(text)) return bytes(text);
    std::string word;
    append_word(word, text);
    bytes(word);
  }
};

// An upper bound for the record in either form: an escape makes at most six bytes of one.
size_t room_for(const AccessRecord& record) {
  size_t text_bytes = 0;
  for (const std::string_view text :
       {record.request_id, record.peer, record.key, record.method, record.path, record.route, record.dialect,
        record.model, record.target, record.answered_model, record.target_request_id, record.outcome, record.reason,
        record.target_code, record.dropped, record.failed_attempts, record.key_sha256}) {
    text_bytes += text.size();
  }
  constexpr size_t names_and_numbers = 1024;
  return names_and_numbers + 6 * text_bytes;
}

template <typename AnyForm>
void write_fields(AnyForm& form, const AccessRecord& record) {
  const auto text = [&form](const auto& name, std::string_view value) {
    if (value.empty()) return;
    form.name(name);
    form.value(value);
  };
  // One of our own literals.
  const auto word = [&form](const auto& name, std::string_view value) {
    if (value.empty()) return;
    form.name(name);
    form.word(value);
  };
  const auto number = [&form](const auto& name, std::integral auto value) {
    form.name(name);
    form.number(value > 0 ? static_cast<uint64_t>(value) : 0);
  };
  const auto optional_number = [&number](const auto& name, const std::optional<uint64_t>& value) {
    if (value) number(name, *value);
  };
  text("request_id", record.request_id);
  text("peer", record.peer);
  text("key", record.key);
  if (record.key_secret > 0) number("key_secret", record.key_secret);
  word("key_sha256", record.key_sha256);
  word("method", record.method);
  text("path", record.path);
  word("route", record.route);
  word("dialect", record.dialect);
  text("model", record.model);
  text("target", record.target);
  text("answered_model", record.answered_model);
  text("target_request_id", record.target_request_id);
  text("dropped", record.dropped);
  number("status", record.status);
  word("outcome", record.outcome);
  text("target_code", record.target_code);
  text("reason", record.reason);
  if (record.stream) {
    form.name("stream");
    form.literal("true");
  }
  if (record.rescued) {
    form.name("rescued");
    form.literal("true");
  }
  if (record.resumed) {
    form.name("resumed");
    form.literal("true");
  }
  if (record.attempts > 0) number("attempts", record.attempts);
  text("failed_attempts", record.failed_attempts);
  if (record.target_key > 0) number("target_key", record.target_key);
  if (record.target_status > 0) number("target_status", record.target_status);
  number("duration_us", record.duration_us);
  number("overhead_us", record.overhead_us);
  optional_number("first_byte_us", record.first_byte_us);
  number("bytes_in", record.bytes_in);
  number("bytes_out", record.bytes_out);
  optional_number("input_tokens", record.input_tokens);
  optional_number("cache_read_tokens", record.cache_read_tokens);
  optional_number("cache_write_tokens", record.cache_write_tokens);
  optional_number("output_tokens", record.output_tokens);
  optional_number("reasoning_tokens", record.reasoning_tokens);
}

// Writes the line and returns its end.
char* write_record(char* at, std::string_view time, const AccessRecord& record, bool json) {
  if (json) {
    JsonForm form(at);
    form.literal("{\"time\":\"");
    form.bytes(time);
    form.literal("\",\"type\":\"access\"");
    write_fields(form, record);
    form.literal("}\n");
    return form.end();
  }
  TextForm form(at);
  form.bytes(time);
  form.literal(" access");
  write_fields(form, record);
  form.literal("\n");
  return form.end();
}

}  // namespace

void append_record(std::string& out, const AccessRecord& record, bool json) {
  const TimeText time(record.time_ms);
  const size_t room = room_for(record);
  char usual[4096];
  if (room <= sizeof usual) {
    out.append(usual, write_record(usual, time.view(), record, json));
    return;
  }
  const auto large = std::make_unique_for_overwrite<char[]>(room);
  out.append(large.get(), write_record(large.get(), time.view(), record, json));
}

AccessLog::AccessLog(Log& log, WorkerMetrics& metrics) : log_(log), metrics_(metrics) {}

AccessLog::~AccessLog() { flush(); }

namespace {

// The texts that come from callers and targets.
template <typename Each>
void for_each_text(AccessRecord& record, Each&& each) {
  for (std::string_view* text : {&record.request_id, &record.peer, &record.key, &record.path, &record.model,
                                 &record.target, &record.answered_model, &record.target_request_id, &record.reason,
                                 &record.target_code, &record.dropped, &record.failed_attempts}) {
    each(*text);
  }
}

}  // namespace

[[gnu::cold]] void AccessLog::add_cut(AccessRecord record) {
  std::deque<std::string> cut;
  for_each_text(record, [&](std::string_view& text) {
    if (text.size() > max_text_bytes) text = cut.emplace_back(log_.cut_masked(text, max_text_bytes));
  });
  append_record(text_, record, log_.json());
}

void AccessLog::add(const AccessRecord& record) {
  if (text_.empty()) text_.reserve(batch_bytes + 4096);  // room for the last record
  const size_t bytes = record.request_id.size() + record.peer.size() + record.key.size() + record.path.size() +
                       record.model.size() + record.target.size() + record.answered_model.size() +
                       record.target_request_id.size() + record.reason.size() + record.target_code.size() +
                       record.dropped.size();
  if (bytes <= max_text_bytes) {
    append_record(text_, record, log_.json());
  } else {
    add_cut(record);
  }
  ++records_;
  if (text_.size() >= batch_bytes) flush();
}

void AccessLog::flush() {
  if (text_.empty()) return;
  if (!log_.write_lines(text_)) metrics_.records_lost_total.add(records_);
  records_ = 0;
  const bool busy = text_.size() >= batch_bytes;
  text_.clear();
  if (!busy) text_.shrink_to_fit();
}

}  // namespace sluice::observe
