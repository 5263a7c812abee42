// One structured record for each exchange: what was asked, which target answered, how long it took, how many tokens it
// used. It never holds a key, a query, a body, or a header value that could contain a key.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::observe {

class Log;
class WorkerMetrics;

// Views only have to be valid during the call. docs/access-record.md describes each field.
struct AccessRecord {
  int64_t time_ms = 0;  // Unix time of the request's first byte
  std::string_view request_id, peer, key, method, path, route, dialect;
  std::string_view model, target, answered_model, target_request_id;
  int status = 0;                // as sent to the caller; 499: it left before
  std::string_view outcome;      // "ok", or the error code's name
  std::string_view reason;       // the error's message or the target's, if any
  std::string_view target_code;  // the target's error code
  std::string_view dropped;      // parts of request and answer that could not be translated, with reasons
  std::string_view key_sha256;   // the beginning of an unknown key's digest
  uint32_t key_secret = 0;       // which of the key's secrets was used, if an old one: from 2
  bool rescued = false;          // its stream was continued by another target
  bool resumed = false;          // it resumed another request's stream, or asked to
  bool stream = false;
  uint32_t attempts = 0;
  std::string_view failed_attempts;  // before the last: "a/m target_error 503 12ms overloaded; ..."
  uint32_t target_key = 0;           // index of its provider's credential, from 1; 0: it has only one
  int target_status = 0;             // 0: the target did not answer
  uint64_t duration_us = 0, overhead_us = 0;
  std::optional<uint64_t> first_byte_us;
  uint64_t bytes_in = 0, bytes_out = 0;
  std::optional<uint64_t> input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens;
};

// Appends the record as one line with its line break: a JSON object, or a time and key=value pairs. The fields have a
// fixed order; empty ones are left out.
void append_record(std::string& out, const AccessRecord& record, bool json);

// Gathers one worker's records and hands them to the log in batches, so that a request costs no system call and no
// lock. The worker's thread only.
class AccessLog {
 public:
  AccessLog(Log& log, WorkerMetrics& metrics);
  ~AccessLog();  // flushes
  // About 550 records. Writing a batch occupies the core for a moment, even on another thread. At this batch size, that
  // delays fewer than one request (or stream) in a hundred.
  static constexpr size_t batch_bytes = 256 * 1024;
  static constexpr uint32_t flush_ms = 500;
  // Longer texts are masked and cut (some have tighter limits), so a line stays below 64 KiB whatever callers and
  // targets send.
  static constexpr size_t max_text_bytes = 1024;
  void add(const AccessRecord& record);
  // Hands the gathered records to the log; called by the worker every flush_ms while there are any, and when
  // batch_bytes have gathered. If the log's queue is full, they are dropped and counted.
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
