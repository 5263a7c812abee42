// Shared by the tests of callers who resume their streams.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "world.h"

namespace sluice::gateway::resuming_callers {

inline const std::string sse_head =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
constexpr uint32_t patience_ms = 30'000;

inline std::string chunk(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}
inline const std::string last = "0\r\n\r\n";

// What a caller has received of an answer.
struct Got {
  int status = 0;
  std::string head, body;
  bool whole = false;
};
inline Got got(std::string_view text) {
  Got answer;
  const size_t end = text.find("\r\n\r\n");
  if (end == text.npos) return answer;
  answer.head = text.substr(0, end + 2);
  answer.status = std::stoi(answer.head.substr(9, 3));
  text.remove_prefix(end + 4);
  if (answer.head.find("transfer-encoding: chunked") == std::string::npos) {
    answer.body = text;
    answer.whole = true;
    return answer;
  }
  while (!text.empty()) {
    const size_t line = text.find("\r\n");
    if (line == text.npos) break;
    const size_t size = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
    text.remove_prefix(line + 2);
    if (size == 0) answer.whole = text.starts_with("\r\n");
    if (size == 0) break;
    answer.body += text.substr(0, size);
    text.remove_prefix(std::min(text.size(), size + 2));
  }
  return answer;
}

struct Form {
  const char* what;
  Dialect dialect;
  std::string path, body, head;
  std::vector<std::string> frames;  // as the target sends them
  bool has_ids = true;
};

inline std::string openai_frame(std::string_view text) {
  return R"(data: {"id":"c","choices":[{"index":0,"delta":{"content":")" + std::string(text) + "\"}}]}\n\n";
}
inline const std::vector<std::string> openai_frames = {
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    openai_frame("One"),
    openai_frame(" two"),
    openai_frame(" three"),
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n"};
inline const std::string openai_body = R"({"model":"fast","stream":true,"messages":[{"role":"user","content":"hi"}]})";
inline const std::string gemini_frame =
    R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"Hi ]}\"["}]}}]})";
inline const std::string gemini_stop =
    R"({"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"."}]},"finishReason":"STOP"}]})";

inline std::vector<Form> forms() {
  return {
      {"openai", Dialect::openai, "/v1/chat/completions", openai_body, sse_head, openai_frames},
      {"openai, CRLF and comments",
       Dialect::openai,
       "/v1/chat/completions",
       openai_body,
       sse_head,
       {": begins\r\n\r\ndata: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"One\"}}]}\r\n\r\n",
        ": still there\r\n\r\n: and so\r\ndata: "
        "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n",
        "data: [DONE]\r\n\r\n"}},
      {"anthropic",
       Dialect::anthropic,
       "/v1/messages",
       R"({"model":"fast","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})",
       sse_head,
       {"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\","
        "\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}"
        "\n\n",
        "event: ping\ndata: {\"type\": \"ping\"}\n\nevent: content_block_start\ndata: "
        "{\"type\":\"content_block_start\","
        "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
        "\"text_delta\",\"text\":\"Oui\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
        "\"usage\":{\"output_tokens\":4}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"}},
      {"gemini, events",
       Dialect::gemini,
       "/v1beta/models/fast:streamGenerateContent?alt=sse",
       R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})",
       sse_head,
       {"data: " + gemini_frame + "\r\n\r\n", "data: " + gemini_stop + "\r\n\r\n"},
       false},
      {"gemini, an array",
       Dialect::gemini,
       "/v1beta/models/fast:streamGenerateContent",
       R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})",
       "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
       {"[" + gemini_frame, ",\r\n" + gemini_frame, "\n,\r\n" + gemini_stop, "\r\n]"},
       false},
      {"ollama",
       Dialect::ollama,
       "/api/chat",
       R"({"model":"fast","messages":[{"role":"user","content":"hi"}]})",
       "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n",
       {"{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"done\":false}\n",
        "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"!\"},\"done\":false}\n",
        "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}"
        "\n"},
       false},
  };
}

inline std::string joined(const std::vector<std::string>& frames) {
  std::string all;
  for (const std::string& frame : frames) all += frame;
  return all;
}

inline config::Config resuming(uint32_t resume_ms = patience_ms) {
  config::Config config = World::plain_config();
  config.models[0].resume_ms = resume_ms;
  config.heartbeat_ms = 0;
  return config;
}

inline void leave(World& world) {
  world.caller->stream.reset();
  world.turn();
}

// A new caller resumes the stream. Everything it is sent is in world.caller.
inline Got resume(World& world, const Form& form, std::string_view fields) {
  world.connect();
  world.say(post(form.path, form.body, fields));
  return got(world.caller->text);
}

// The position after the last whole frame that a caller has: its offset in the body, and the header fields that resume
// there.
struct Place {
  size_t bytes = 0;
  std::string fields;
};
// As an event parser sees it (WHATWG HTML 9.2.6), which drops an incomplete event.
inline Place place_by_id(std::string_view body) {
  Place place;
  std::string id;
  for (size_t at = 0, end = 0; (end = body.find('\n', at)) != body.npos; at = end + 1) {
    std::string_view line = body.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("id: ")) id = line.substr(4);
    if (!line.empty() || id.empty()) continue;  // pings have no id, and may be repeated
    place.bytes = end + 1;
    place.fields = "last-event-id: " + id + "\r\n";
    id.clear();
  }
  return place;
}
// As a program that counts frames sees it. `ends`: the offsets at which the frames end in the whole body.
inline Place place_by_count(const std::vector<size_t>& ends, size_t arrived, const std::string& request_id) {
  Place place;
  size_t count = 0;
  while (count < ends.size() && ends[count] <= arrived) place.bytes = ends[count++];
  place.fields = "sluice-resume: " + request_id + "; after=" + std::to_string(count) + "\r\n";
  return place;
}
inline std::vector<size_t> ends_of(const Form& form) {
  std::vector<size_t> ends;
  size_t end = 0;
  for (const std::string& frame : form.frames) ends.push_back(end += frame.size());
  if (form.dialect == Dialect::gemini && form.frames.front().starts_with('['))
    ends.pop_back();  // the closing bracket is not a frame
  return ends;
}

inline std::string request_id_of(const Got& answer) {
  const size_t at = answer.head.find("x-request-id: ");
  return answer.head.substr(at + 14, answer.head.find("\r\n", at) - at - 14);
}

// Without the id lines that sluice adds.
inline std::string without_ids(std::string body) {
  for (size_t at = 0; (at = body.find("id: sluice-")) != body.npos;) body.erase(at, body.find('\n', at) + 1 - at);
  return body;
}

inline const Form& openai() {
  static const Form form = forms().front();
  return form;
}
// A stream of which two frames have been sent, and whose caller sent x-request-id "mine".
inline void begin(World& world) {
  world.say(post(openai().path, openai().body, "x-request-id: mine\r\n"));
  world.target_says(sse_head + chunk(openai_frames[0] + openai_frames[1]));
  REQUIRE(got(world.caller->text).status == 200);
}
inline std::string rest_of_it() {
  return chunk(openai_frames[2] + openai_frames[3] + openai_frames[4] + openai_frames[5]) + last;
}

inline int64_t resumes(World& world, observe::ResumeOutcome outcome) {
  return world.cells().resumes[static_cast<size_t>(outcome)].get();
}

}  // namespace sluice::gateway::resuming_callers
