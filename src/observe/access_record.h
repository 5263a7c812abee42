// One structured record for each exchange: what was asked, who answered, how long it took, what it cost. Never a key,
// a query, a body or a header value that could hold one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::observe {

class Log;
class WorkerMetrics;

// Views need to live for the call only. docs/access-record.md describes each field.
struct AccessRecord {
  int64_t time_ms = 0;  // Unix time of the request's first byte
  std::string_view request_id, peer, key, method, path, route, dialect;
  std::string_view model, target, answered_model, target_request_id;
  int status = 0;                // as sent to the caller; 499 if it left before
  std::string_view outcome;      // "ok", or the error code's name
  std::string_view reason;       // the error's message, or the target's own words, if any
  std::string_view target_code;  // the target's own name for its error
  std::string_view
      dropped;  // what of the request its target, and of the answer the caller, could not be told, with reasons
  std::string_view key_sha256;  // of a key that is not known, the beginning of its digest
  uint32_t key_secret = 0;      // which of the key's secrets was used, if an old one: from 2
  bool rescued = false;         // a stream that another target went on with
  bool resumed = false;         // it went on with a stream that another request began, or asked to
  bool stream = false;
  uint32_t attempts = 0;
  std::string_view failed_attempts;  // before the last: "a/m target_error 503 12ms overloaded; ..."
  uint32_t target_key = 0;           // which of its provider's credentials, from 1; 0: there are no several
  int target_status = 0;             // 0: the target answered nothing
  uint64_t duration_us = 0, overhead_us = 0;
  std::optional<uint64_t> first_byte_us;
  uint64_t bytes_in = 0, bytes_out = 0;
  std::optional<uint64_t> input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens;
};

// Appends the record as one line with its line break: a JSON object, or a time and key=value. The fields come in a
// fixed order; those that are empty are left out.
void append_record(std::string& out, const AccessRecord& record, bool json);

// Gathers one worker's records and hands them to the log in batches, so that a request costs no system call and no
// lock. Worker's thread only.
class AccessLog {
 public:
  AccessLog(Log& log, WorkerMetrics& metrics);
  ~AccessLog();  // flushes
  // Some 550 records. Writing a batch takes the core for a moment, even though another thread does it; so rarely, it
  // delays fewer than one request in a hundred, and of streams likewise.
  static constexpr size_t batch_bytes = 256 * 1024;
  static constexpr uint32_t flush_ms = 500;
  // Texts longer than this (some are bounded closer) are masked and cut: a line stays below 64 KiB, whatever callers
  // and targets send.
  static constexpr size_t max_text_bytes = 1024;
  void add(const AccessRecord& record);
  // Hands over what has gathered; called by the worker every flush_ms while there is something, and when batch_bytes
  // have gathered. Records that the log cannot take (its queue is full) are dropped and counted.
  void flush();
  bool empty() const { return text_.empty(); }

 private:
  Log& log_;
  WorkerMetrics& metrics_;
  std::string text_;
  int64_t records_ = 0;  // in text_
  void add_cut(AccessRecord record);
};

}  // namespace sluice::observe
