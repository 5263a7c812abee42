// Shared by the tests of the Gemini translation: requests read and written back, answers as words.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/dialect.h"
#include "api/translation.h"

// Inline, as the helpers of other dialects' tests have the same names.
namespace sluice::test {
inline namespace of_gemini {

inline const api::TranslationRoom& gemini_room() { return api::room_of(Dialect::gemini).translation; }

inline api::TargetFacts gemini_facts(std::string_view model = "gemini-2.5-flash") {
  return api::facts_for(model, {Dialect::gemini, "77"}, true);
}

// The request; `body` must outlive it.
inline std::unique_ptr<api::Request> read_gemini(std::string_view body, bool stream = false) {
  auto request = gemini_room().read_request(body, {"generateContent", "gemini-2.5-flash", stream});
  if (!request) FAIL(request.error().message);
  return std::move(*request);
}

struct WrittenForGemini {
  nlohmann::json body;
  std::string text, dropped;
  api::ToolNames names;
};

inline WrittenForGemini write_gemini(const api::Request& request, const api::TargetFacts& facts = gemini_facts()) {
  api::Dropped dropped;
  api::WrittenRequest written;
  const auto done = gemini_room().write_request(request, facts, dropped, written);
  if (!done) FAIL(done.error().message);
  INFO(written.body);
  return {nlohmann::json::parse(written.body), written.body, dropped.text(), std::move(written.names)};
}

inline std::string kind_word(api::PartKind kind) {
  switch (kind) {
    case api::PartKind::text:
      return "text";
    case api::PartKind::refusal:
      return "refusal";
    case api::PartKind::thinking:
      return "thinking";
    case api::PartKind::redacted:
      return "redacted";
    case api::PartKind::tool_call:
      return "call";
    case api::PartKind::other:
      return "other";
    default:
      return "media";
  }
}

// The content of an answer, one line per part: equal for two answers that say the same.
inline std::string told_of(const api::Answer& answer) {
  std::string told;
  for (const api::Answer::Piece& piece : answer.pieces) {
    told += kind_word(piece.kind) + " " + piece.name + piece.text;
    if (!piece.arguments.empty()) {  // without insignificant white space
      const auto text = nlohmann::json::parse('"' + piece.arguments + '"').get<std::string>();
      told += " <" + nlohmann::ordered_json::parse(text).dump() + ">";
    }
    if (!piece.opaque.empty()) told += " sig:" + piece.opaque;
    if (!piece.data.empty()) told += " " + piece.media_type + ":" + piece.data;
    for (const auto& note : piece.notes) told += note.is_citation ? " [" + note.url + "]" : " {" + note.type + "}";
    told += piece.ended ? "\n" : " open\n";
  }
  const api::Usage& counts = answer.usage.counts;
  const auto number = [](const std::optional<uint64_t>& count) { return count ? std::to_string(*count) : "-"; };
  told += "usage " + number(counts.input_uncached) + " " + number(counts.cache_read) + " " + number(counts.output) +
          " " + number(counts.reasoning) + " " + number(answer.usage.tool_input) + "\n";
  if (answer.error) return told + "error " + answer.error->code + ": " + answer.error->message;
  if (!answer.finished) return told + "unfinished";
  constexpr std::string_view reasons[] = {"stop", "length", "tool_calls", "refusal", "pause"};
  return told + std::string(reasons[static_cast<size_t>(answer.reason)]) + " " + answer.word + " " + answer.details;
}

// The data of a stream's frames: of server-sent events, or of the elements of a JSON array.
inline std::vector<std::string> frames_of(const std::string& body) {
  std::vector<std::string> frames;
  const size_t begin = body.find_first_not_of(" \r\n");
  if (begin != std::string::npos && body[begin] == '[') {
    api::JsonDocument document;
    REQUIRE(document.parse(body));
    for (const api::JsonValue element : document.root()) frames.emplace_back(element.raw());
    return frames;
  }
  for (size_t at = 0; at < body.size();) {
    const size_t end = std::min(body.find('\n', at), body.size());
    std::string line = body.substr(at, end - at);
    if (line.ends_with('\r')) line.pop_back();
    if (line.starts_with("data:")) frames.push_back(line.substr(5));
    at = end + 1;
  }
  return frames;
}

inline api::Answer read_stream(const std::vector<std::string>& frames) {
  const auto reader = gemini_room().make_reader({Dialect::gemini, "77"});
  api::AnswerCollector collector;
  for (const std::string& frame : frames) {
    const auto done = reader->read_frame("", frame, collector);
    if (!done) FAIL(done.error().message << ": " << frame);
  }
  reader->end(collector);
  return collector.answer;
}

inline api::Answer read_body(const std::string& body) {
  const auto reader = gemini_room().make_reader({Dialect::gemini, "77"});
  api::AnswerCollector collector;
  const auto done = reader->read_body(body, collector);
  if (!done) FAIL(done.error().message << ": " << body);
  return collector.answer;
}

// A writer for a caller of generateContent, who by default asked for thoughts.
inline std::unique_ptr<api::EventWriter> gemini_writer(bool stream, bool array = false, bool thoughts = true) {
  api::Request request;
  request.reasoning.summary = thoughts ? "auto" : "";
  const api::AnswerShape shape{stream ? "streamGenerateContent" : "generateContent",
                               stream,
                               array,
                               request,
                               "abcdefghijkl",
                               0,
                               "gemini-2.5-flash",
                               {Dialect::gemini, "77"}};
  return gemini_room().make_writer(shape);
}

}  // namespace of_gemini
}  // namespace sluice::test
