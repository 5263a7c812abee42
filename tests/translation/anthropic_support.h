// Shared by the tests of the Anthropic translation.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "api/dialect.h"
#include "api/event_filter.h"
#include "api/translation.h"

namespace sluice::test::messages {

using nlohmann::json;

inline const api::TranslationRoom& anthropic_room() { return api::room_of(Dialect::anthropic).translation; }

inline api::TargetFacts anthropic_facts(std::string_view model, bool is_makers_own = true) {
  return api::facts_for(model, {Dialect::anthropic, "00aa"}, is_makers_own);
}

// What an answer says: the pieces of each part are joined, so that a stream and a body can be compared.
struct ToldAnswer final : api::EventSink {
  std::string told{};
  api::AnswerUsage usage{};
  uint32_t events = 0;
  bool failed = false, finished = false;

  void on_start(const api::AnswerStart&) override { told += "start\n"; }
  void on_text(uint32_t, api::JsonText text) override { piece("text", text.escaped); }
  void on_refusal(uint32_t, api::JsonText text) override { piece("refusal", text.escaped); }
  void on_thinking(uint32_t, api::JsonText text, bool) override { piece("thinking", text.escaped); }
  void on_signature(uint32_t, const api::Opaque& opaque, bool is_redacted) override {
    piece(is_redacted ? "redacted" : "signature", opaque.data.escaped);
    told += std::string("\nof ") + std::string(name_of(opaque.origin.dialect));
  }
  void on_call(const api::CallStart& call) override {
    piece("call", std::string(call.id.escaped) + " " + std::string(call.name.escaped));
    if (!call.opaque.empty()) piece("signed", call.opaque.data.escaped);
  }
  void on_arguments(uint32_t, api::JsonText text) override { piece("arguments", text.escaped); }
  void on_media(uint32_t, api::PartKind, const api::Source& source) override { piece("media", source.data.escaped); }
  void on_citation(uint32_t, const api::Citation& citation) override { cited_ += std::string(citation.raw) + "\n"; }
  void on_extra(const api::Extra& extra) override {
    if (extra.kind != api::Extra::Kind::hosted_item) return;
    piece("item", "");
    told += json::parse(extra.raw).dump();
  }
  void on_part_end(uint32_t) override {
    close();
    told += "\nend\n" + std::exchange(cited_, "");
  }
  void on_usage(const api::AnswerUsage& newer) override { usage.set(newer); }
  void on_finish(const api::Finish& finish) override {
    close();
    finished = true;
    told += "finish " + std::to_string(static_cast<int>(finish.reason)) + " " + std::string(finish.word.escaped) + " " +
            std::string(finish.stop_sequence.escaped);
  }
  void on_error(const api::ProviderError& error) override {
    failed = true;
    told += "error " + std::to_string(error.status) + " " + error.code + " " + error.message;
  }

 private:
  void piece(std::string_view kind, std::string_view text) {
    ++events;
    if (kind != kind_) {
      close();
      kind_ = kind;
      told += std::string("\n") + kind_ + ": ";
    }
    text_ += text;
  }
  // The same text can be escaped in two ways.
  void close() {
    if (kind_.empty()) return;
    const json plain = json::parse('"' + text_ + '"', nullptr, false);
    told += plain.is_discarded() ? text_ : plain.get<std::string>();
    kind_.clear();
    text_.clear();
  }
  std::string kind_{}, text_{}, cited_{};
};

// The frames of an event stream: the name and data of each.
struct Frame {
  std::string event{}, data{};
};
inline std::vector<Frame> frames_of(std::string_view stream) {
  std::vector<Frame> frames;
  Frame frame;
  while (!stream.empty()) {
    const size_t line_end = std::min(stream.find('\n'), stream.size() - 1);
    std::string_view line = stream.substr(0, line_end);
    stream.remove_prefix(line_end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("event:")) frame.event = line.substr(line.find_first_not_of(' ', 6));
    if (line.starts_with("data:")) frame.data = line.substr(line.find_first_not_of(' ', 5));
    if (line.empty() && !frame.data.empty()) frames.push_back(std::exchange(frame, {}));
  }
  if (!frame.data.empty()) frames.push_back(frame);
  return frames;
}

// Reads an answer into `sink`.
inline void read_answer(std::string_view text, bool is_stream, api::EventSink& sink) {
  const auto reader = anthropic_room().make_reader({Dialect::anthropic, "00aa"});
  if (is_stream) {
    for (const Frame& frame : frames_of(text)) (void)reader->read_frame(frame.event, frame.data, sink);
  } else {
    (void)reader->read_body(text, sink);
  }
  reader->end(sink);
}

inline std::unique_ptr<api::EventWriter> anthropic_writer(const api::Request& request, bool is_stream) {
  return anthropic_room().make_writer(
      {"messages", is_stream, false, request, "0123456789abcdefghijklmn", 0, "asked-model", {Dialect::openai, "00bb"}});
}

}  // namespace sluice::test::messages
