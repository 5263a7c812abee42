// Shared by the tests of chat completions: events as text, and requests in the neutral form.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/answer.h"
#include "api/dialect.h"

namespace sluice::test {

// Records the events as words, in order.
struct EventText final : api::EventSink {
  std::string told;
  void on_start(const api::AnswerStart& start) override { told += "start:" + std::string(start.model.escaped) + " "; }
  void on_text(uint32_t part, api::JsonText text) override { add(part, "'" + std::string(text.escaped) + "'"); }
  void on_refusal(uint32_t part, api::JsonText text) override { add(part, "!" + std::string(text.escaped) + "!"); }
  void on_thinking(uint32_t part, api::JsonText text, bool is_summary) override {
    add(part, (is_summary ? "summary(" : "(") + std::string(text.escaped) + ")");
  }
  void on_signature(uint32_t part, const api::Opaque& opaque, bool is_redacted) override {
    add(part, (is_redacted ? "redacted:" : "signature:") + opaque_text(opaque));
  }
  void on_call(const api::CallStart& call) override {
    add(call.part, (call.kind == api::CallKind::custom ? "custom:" : "call:") + std::string(call.id.escaped) + ":" +
                       std::string(call.name.escaped) + (call.opaque.empty() ? "" : "+" + opaque_text(call.opaque)));
  }
  void on_arguments(uint32_t part, api::JsonText piece) override { add(part, "<" + std::string(piece.escaped) + ">"); }
  void on_media(uint32_t part, api::PartKind, const api::Source& source) override {
    add(part, "media:" + std::string(source.media_type) + ":" + std::string(source.data.escaped));
  }
  void on_citation(uint32_t part, const api::Citation& citation) override {
    add(part, "citation:" + std::string(citation.url.escaped));
  }
  void on_extra(const api::Extra& extra) override {
    told += "extra:" + (extra.kind == api::Extra::Kind::logprobs ? "logprobs" : std::string(extra.type)) + " ";
  }
  void on_part_end(uint32_t part) override { add(part, "end"); }
  void on_usage(const api::AnswerUsage& usage) override {
    const auto count = [](const std::optional<uint64_t>& number) { return number ? std::to_string(*number) : "-"; };
    told += "usage:" + count(usage.counts.input_uncached) + "/" + count(usage.counts.cache_read) + "/" +
            count(usage.counts.cache_write) + "/" + count(usage.counts.output) + "/" + count(usage.counts.reasoning) +
            " ";
  }
  void on_finish(const api::Finish& finish) override {
    told += "finish:" + std::to_string(static_cast<int>(finish.reason)) + ":" + std::string(finish.word.escaped);
  }
  void on_error(const api::ProviderError& error) override {
    told += "error:" + std::to_string(error.status) + ":" + error.code + ":" + error.message;
  }

 private:
  void add(uint32_t part, const std::string& what) { told += std::to_string(part) + what + " "; }
  static std::string opaque_text(const api::Opaque& opaque) {
    return std::string(opaque.data.escaped) + "@" + std::string(name_of(opaque.origin.dialect)) + "." +
           opaque.origin.maker + (opaque.id.empty() ? "" : "#" + std::string(opaque.id.escaped));
  }
};

inline const api::TranslationRoom& chat() { return api::room_of(Dialect::openai).translation; }
inline const api::Origin chat_target{Dialect::openai, "a1"};

// The request written for a target, with the names of what was dropped; or the error.
struct Written {
  nlohmann::json body;
  std::string text, dropped, error;
};
inline Written write_chat(const api::Request& request, const api::TargetFacts& facts) {
  Written written;
  api::Dropped dropped;
  api::WrittenRequest out;
  if (const auto done = chat().write_request(request, facts, dropped, out); !done) {
    written.error = done.error().message;
    return written;
  }
  written.text = out.body;
  written.body = nlohmann::json::parse(out.body);
  written.dropped = dropped.text(4096);
  return written;
}
inline api::TargetFacts chat_facts(std::string_view model, bool is_makers_own) {
  return api::facts_for(model, chat_target, is_makers_own);
}

// A caller's request. The text must outlive it.
inline Result<std::unique_ptr<api::Request>> read_chat(std::string_view body,
                                                       std::string_view endpoint = "chat/completions") {
  return chat().read_request(body, {endpoint, {}, false});
}

}  // namespace sluice::test
