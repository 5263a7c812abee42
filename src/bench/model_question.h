// Asks a target for its list of models, and chooses one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/json_scan.h"
#include "bench/options.h"
#include "http/call.h"

namespace sluice::bench {

// Reads the list that /v1/models returns, {"data": [{"id": ...}, ...]}, from bytes cut anywhere.
class ModelList final : api::JsonSink {
 public:
  ModelList();
  void feed(std::string_view bytes) { scan_.feed(bytes, *this); }
  bool whole() const { return scan_.whole(); }
  uint64_t count() const { return count_; }
  // The first model whose name does not suggest another purpose than text, else the first; "" if there is none.
  const std::string& choice() const { return choice_.empty() ? first_ : choice_; }

 private:
  void on_value(uint8_t node, api::JsonKind kind, std::string_view text) override;

  api::JsonScan scan_;
  uint64_t count_ = 0;
  std::string first_, choice_;
};

class ModelQuestion final : http::CallEvents {
 public:
  // All arguments must outlive this.
  ModelQuestion(net::Loop& loop, http::OutboundPool& pool, const Options& options);
  void start();
  bool done() const { return done_; }
  // When done: "" if there is a model, else why there is none and what to do.
  const std::string& problem() const { return problem_; }
  const ModelList& models() const { return models_; }

 private:
  static constexpr size_t kept_bytes = 2048;

  void on_call_head(const http::ResponseHead& head) override { status_ = head.status; }
  void on_call_body(std::string_view bytes) override;
  void on_call_end() override;
  void on_call_failed(const Error& error) override;

  const Options& options_;
  const std::string request_;
  int status_ = 0;
  std::string kept_;  // the beginning of the answer
  ModelList models_;
  std::string problem_;
  bool done_ = false;
  http::Call call_;
};

// Why a target cannot be reached, and what to do about it, in one line.
std::string unreachable(const Options& options, const Error& error);

}  // namespace sluice::bench
