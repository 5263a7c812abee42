// Shared by the responses tests.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/answer.h"
#include "api/dialect.h"
#include "api/event_filter.h"
#include "translation/openai_tools.h"

namespace sluice::test::responses {

inline const api::TranslationRoom& responses_room() { return api::room_of(Dialect::responses).translation; }
inline const api::Origin responses_target{Dialect::responses, "a1"};

// The request; `body` must outlive it.
inline std::unique_ptr<api::Request> read_responses(const std::string& body) {
  auto request = responses_room().read_request(body, {"responses"});
  if (!request) throw std::runtime_error(request.error().message);
  return std::move(*request);
}

inline Written write_responses(const api::Request& request, const api::TargetFacts& facts) {
  Written written;
  api::Dropped dropped;
  api::WrittenRequest out;
  if (const auto done = responses_room().write_request(request, facts, dropped, out); !done) {
    written.error = done.error().message;
    return written;
  }
  written.text = out.body;
  written.body = nlohmann::json::parse(out.body);
  written.dropped = dropped.text(4096);
  return written;
}
inline api::TargetFacts responses_facts(std::string_view model, bool is_makers_own = true) {
  return api::facts_for(model, responses_target, is_makers_own);
}

struct Frame {
  std::string event, data;
};
// The frames of an event stream as recorded and written: one line of data each.
inline std::vector<Frame> frames_of(const std::string& stream) {
  std::vector<Frame> frames;
  std::string event, data;
  std::string line;
  for (size_t at = 0; at < stream.size(); ++at) {
    if (stream[at] == '\r') continue;
    if (stream[at] != '\n') {
      line += stream[at];
      if (at + 1 != stream.size()) continue;
    }
    if (line.rfind("event: ", 0) == 0) event = line.substr(7);
    if (line.rfind("data: ", 0) == 0) data = line.substr(6);
    if (line.empty() && !data.empty()) {
      frames.push_back({event, data});
      event.clear();
      data.clear();
    }
    line.clear();
  }
  if (!data.empty()) frames.push_back({event, data});
  return frames;
}

// Reads an answer, a stream or a body; returns how many frames were rejected.
inline int read_answer(const std::string& answer, bool stream, api::EventSink& sink,
                       const api::Origin& target = responses_target) {
  const auto reader = responses_room().make_reader(target);
  int refused = 0;
  if (stream) {
    for (const Frame& frame : frames_of(answer)) refused += reader->read_frame(frame.event, frame.data, sink) ? 0 : 1;
    reader->end(sink);
  } else {
    refused += reader->read_body(answer, sink) ? 0 : 1;
  }
  return refused;
}

// What a caller with that request gets, when `tell` makes the events.
template <typename Tell>
std::string written_answer(const std::string& request_body, bool stream, Tell tell,
                           const api::Origin& target = {Dialect::anthropic, "b2"}) {
  const auto request = read_responses(request_body);
  api::AnswerShape shape{"responses", stream,        false, *request, "0123456789abcdefghijABCD",
                         1700000000,  "asked-model", target};
  const auto writer = responses_room().make_writer(shape);
  tell(*writer);
  return writer->out;
}

}  // namespace sluice::test::responses
