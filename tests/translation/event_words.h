// Events as words that a test can compare.
#pragma once

#include <string>

#include "api/event.h"

namespace sluice::test {

// Records each event as a word.
struct EventWords final : api::EventSink {
  std::string told;
  api::AnswerUsage usage{};  // the last one
  void on_start(const api::AnswerStart&) override { told += "start "; }
  void on_text(uint32_t part, api::JsonText text) override {
    told += std::to_string(part) + "'" + std::string(text.escaped) + "' ";
  }
  void on_refusal(uint32_t, api::JsonText) override { told += "refusal "; }
  void on_thinking(uint32_t part, api::JsonText text, bool) override {
    told += std::to_string(part) + "(" + std::string(text.escaped) + ") ";
  }
  void on_signature(uint32_t part, const api::Opaque&, bool) override { told += std::to_string(part) + "sig "; }
  void on_call(const api::CallStart& call) override {
    told += std::to_string(call.part) + (call.kind == api::CallKind::custom ? "custom:" : "call:") +
            std::string(call.name.escaped) + " ";
  }
  void on_arguments(uint32_t part, api::JsonText piece) override {
    told += std::to_string(part) + "<" + std::string(piece.escaped) + "> ";
  }
  void on_media(uint32_t, api::PartKind, const api::Source&) override { told += "media "; }
  void on_citation(uint32_t, const api::Citation&) override { told += "citation "; }
  void on_extra(const api::Extra&) override { told += "extra "; }
  void on_part_end(uint32_t part) override { told += std::to_string(part) + "end "; }
  void on_usage(const api::AnswerUsage& counts) override {
    usage = counts;
    told += "usage ";
  }
  void on_finish(const api::Finish&) override { told += "finish"; }
  void on_error(const api::ProviderError&) override { told += "error"; }
};

}  // namespace sluice::test
