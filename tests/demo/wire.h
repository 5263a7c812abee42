// Requests to the demo provider as bytes over a memory stream, in each dialect, and the result: bytes, and whether the
// connection was closed.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "demo/demo_provider.h"
#include "demo/json.h"
#include "http/inbound_connection.h"
#include "net/memory_pipe.h"
#include "support/fake_clock.h"
#include "support/peer.h"

namespace sluice::test {

using demo::Json;

// How a dialect's caller asks, and where its answers carry their text.
struct Speaker {
  std::string_view name;
  // `%` stands for the model; in the body `#` stands for "true" or "false": whether to stream.
  std::string_view path, stream_path, body;
  std::string_view tools;     // goes after the body's first bracket: one tool, find_it
  std::string_view sentinel;  // the last bytes of a complete stream, or part of its final frame
  std::string_view finish;    // part of the frame with the finish reason
  std::string_view error;     // part of an error frame within a stream
};

inline constexpr std::array speakers = std::to_array<Speaker>({
    {"openai", "/v1/chat/completions", "/v1/chat/completions",
     R"({"model":"%","stream":#,"messages":[{"role":"user","content":"one two three four"}]})",
     R"("tools":[{"type":"function","function":{"name":"find_it","parameters":{"type":"object","properties":{"what":{"type":"string"}}}}}],)",
     "data: [DONE]\n\n", R"("finish_reason":"stop")", R"(data: {"error":)"},
    {"responses", "/v1/responses", "/v1/responses", R"({"model":"%","stream":#,"input":"one two three four"})",
     R"("tools":[{"type":"function","name":"find_it","parameters":{"type":"object","properties":{"what":{"type":"string"}}}}],)",
     "", "event: response.completed", "event: error\n"},
    {"anthropic", "/v1/messages", "/v1/messages",
     R"({"model":"%","stream":#,"max_tokens":1000,"messages":[{"role":"user","content":"one two three four"}]})",
     R"("tools":[{"name":"find_it","input_schema":{"type":"object","properties":{"what":{"type":"string"}}}}],)",
     "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", R"("stop_reason":"end_turn")", "event: error\n"},
    {"gemini", "/v1beta/models/%:generateContent", "/v1beta/models/%:streamGenerateContent?alt=sse",
     R"({"contents":[{"role":"user","parts":[{"text":"one two three four"}]}]})",
     R"("tools":[{"functionDeclarations":[{"name":"find_it","parameters":{"type":"OBJECT","properties":{"what":{"type":"STRING"}}}}]}],)",
     "", R"("finishReason":"STOP")", R"(data: {"error":)"},
    {"ollama", "/api/chat", "/api/chat",
     R"({"model":"%","stream":#,"messages":[{"role":"user","content":"one two three four"}]})",
     R"("tools":[{"type":"function","function":{"name":"find_it","parameters":{"type":"object","properties":{"what":{"type":"string"}}}}}],)",
     "", R"("done":true)", R"({"error":)"},
});
inline constexpr std::string_view whole_text = "You said: one two three four";

inline std::string filled(std::string_view text, std::string_view model, bool stream) {
  std::string out;
  for (const char c : text) {
    if (c == '%') {
      out += model;
    } else if (c == '#') {
      out += stream ? "true" : "false";
    } else {
      out += c;
    }
  }
  return out;
}

// The answer as it arrived.
struct Raw {
  std::string bytes;
  bool closed = false;
  uint64_t first_byte_ms = 0;  // when it arrived

  int status() const { return bytes.size() < 12 ? 0 : std::stoi(bytes.substr(9, 3)); }
  std::string head() const { return bytes.substr(0, bytes.find("\r\n\r\n")); }
  bool has_field(std::string_view line) const { return head().find("\r\n" + std::string(line)) != std::string::npos; }
  bool chunked() const { return has_field("transfer-encoding: chunked") || has_field("Transfer-Encoding: chunked"); }
  // Whether the body is complete by its framing.
  bool framed_whole() const {
    if (bytes.empty()) return false;
    if (chunked()) return bytes.ends_with("0\r\n\r\n");
    const size_t at = bytes.find("ontent-length: "),
                 length_at = at == std::string::npos ? bytes.find("ontent-Length: ") : at;
    return length_at != std::string::npos && body().size() == std::stoul(bytes.substr(length_at + 15));
  }
  std::string body() const {
    const size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string::npos) return {};
    std::string_view rest = std::string_view(bytes).substr(head_end + 4);
    if (!chunked()) return std::string(rest);
    std::string out;
    while (!rest.empty()) {
      const size_t size = std::stoul(std::string(rest.substr(0, rest.find("\r\n"))), nullptr, 16);
      rest.remove_prefix(rest.find("\r\n") + 2);
      out += rest.substr(0, size);
      rest.remove_prefix(std::min(size + 2, rest.size()));
    }
    return out;
  }
};

// The text of a frame; "" if it has none.
inline std::string words_of(const Json& frame) {
  const auto at = [&frame](const char* pointer) {
    const Json::json_pointer where(pointer);
    return frame.contains(where) && frame[where].is_string() ? frame[where].get<std::string>() : std::string();
  };
  if (frame.contains("delta") && frame["delta"].is_string()) return at("/delta");
  return at("/choices/0/delta/content") + at("/delta/text") + at("/candidates/0/content/parts/0/text") +
         at("/message/content");
}

// The text of all well-formed frames of a stream.
inline std::string said(std::string_view body) {
  std::string text;
  while (!body.empty()) {
    std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(line.size() + 1, body.size()));
    if (line.starts_with("data: ")) line.remove_prefix(6);
    const Json frame = Json::parse(line, nullptr, false);
    if (frame.is_object()) text += words_of(frame);
  }
  return text;
}

// A demo provider behind memory connections.
class Wire {
 public:
  explicit Wire(uint32_t pace_ms = 0)
      : memory(std::make_shared<demo::DemoMemory>()),
        provider(loop, {pace_ms, 7, 1024 * 1024, memory}),
        connections_(loop, provider, http::InboundOptions{}) {}

  Raw ask(const Speaker& speaker, std::string_view model, bool stream, bool tools = false) {
    std::string body = filled(speaker.body, model, stream);
    if (tools) body.insert(1, speaker.tools);
    return post(filled(stream ? speaker.stream_path : speaker.path, model, stream), body);
  }
  // Returns what has arrived once the answer is complete, the connection is closed, or twenty seconds have passed.
  Raw post(std::string_view path, std::string_view body) {
    auto [ours, theirs] = net::make_memory_pipe(loop);
    Peer peer(std::move(ours));
    connections_.add(std::move(theirs));
    peer.stream->write("POST " + std::string(path) + " HTTP/1.1\r\nhost: demo\r\ncontent-type: application/json\r\n" +
                       "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    Raw raw;
    const uint64_t begin_ms = clock.passed_ms();
    const auto whole = [&] {
      if (raw.first_byte_ms == 0 && !peer.text.empty()) raw.first_byte_ms = clock.passed_ms() - begin_ms;
      raw.bytes = peer.text;
      return peer.ended || raw.framed_whole();
    };
    for (int i = 0; i < 400 && !whole(); ++i) {
      turn(loop);
      if (whole()) break;
      clock.pass_ms(50);
    }
    raw.closed = peer.ended;
    return raw;
  }
  void pass_ms(uint64_t ms) { clock.pass_ms(ms); }

  FakeClock clock{1'700'000'000'000};
  net::Loop loop{clock};
  std::shared_ptr<demo::DemoMemory> memory;
  demo::DemoProvider provider;

 private:
  http::InboundConnections connections_;
};

}  // namespace sluice::test
