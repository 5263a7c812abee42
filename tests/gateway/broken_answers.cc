#include "gateway/broken_answers.h"

#include <unistd.h>

#include <array>
#include <vector>

namespace sluice::gateway {
namespace {

// SplitMix64: the same numbers on every machine.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  size_t below(size_t count) { return static_cast<size_t>(next() % count); }
  bool one_in(size_t count) { return below(count) == 0; }
};

enum class Form { events, lines, array, json, opaque };

struct Sample {
  std::string_view path, request, type;
  Form form;
  std::vector<std::string> frames;  // or the parts of a body
  size_t finished_at;               // the first frame that completes the answer; frames.size(): none does
};

std::string frame_of(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }

const std::vector<Sample>& samples() {
  constexpr std::string_view events = "text/event-stream", json = "application/json";
  const std::string text =
      "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"h\xC3\xA9\xE2\x82\xAC\"}}]}";
  const std::string two = "{\"id\":\"c\",\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}}]}";
  const auto end = [](int index) {
    return frame_of("{\"id\":\"c\",\"choices\":[{\"index\":" + std::to_string(index) +
                    ",\"delta\":{},\"finish_reason\":\"stop\"}]}");
  };
  const std::string usage = frame_of(R"({"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}})");
  const auto named = [](std::string_view name, std::string_view rest) {
    return "event: " + std::string(name) + "\ndata: {\"type\":\"" + std::string(name) + "\"" + std::string(rest) +
           "}\n\n";
  };
  const std::string delta = named("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"x"})");
  const std::string spoken = named("response.output_text.delta", R"(,"sequence_number":1,"delta":"x")");
  const std::string part = R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"index":0}]})";
  const std::string last_part =
      R"({"candidates":[{"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":3}})";
  static const std::vector<Sample> all = {
      {"/v1/chat/completions",
       R"({"model":"fast","stream":true})",
       events,
       Form::events,
       {frame_of(text), frame_of(text), end(0), usage, "data: [DONE]\n\n"},
       2},
      {"/v1/chat/completions",
       R"({"model":"fast","stream":true,"n":2})",
       events,
       Form::events,
       {frame_of(text), frame_of(two), end(1), frame_of(text), end(0), usage, "data: [DONE]\n\n"},
       4},
      {"/v1/chat/completions",
       R"({"model":"fast"})",
       json,
       Form::json,
       {R"({"id":"c","choices":[{"message":{"content":")", "h\xC3\xA9\\\"}]", R"("},"finish_reason":"stop"}],)",
        R"("usage":{"prompt_tokens":3}})"},
       3},
      {"/v1/responses",
       R"({"model":"fast","stream":true})",
       events,
       Form::events,
       {named("response.created", R"(,"sequence_number":0,"response":{"status":"in_progress"})"), spoken, spoken,
        named("response.completed",
              R"(,"sequence_number":3,"response":{"status":"completed","usage":{"input_tokens":1}})")},
       3},
      {"/v1/messages",
       R"({"model":"fast","stream":true})",
       events,
       Form::events,
       {named("message_start", R"(,"message":{"model":"c","usage":{"input_tokens":5}})"), delta, delta,
        named("message_delta", R"(,"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2})"),
        named("message_stop", "")},
       3},
      {"/v1/messages",
       R"({"model":"fast"})",
       json,
       Form::json,
       {R"({"type":"message","content":[{"type":"text","text":"x"}],)", R"("stop_reason":"end_turn"})"},
       1},
      {"/v1beta/models/fast:streamGenerateContent?alt=sse",
       "{}",
       events,
       Form::events,
       {frame_of(part), frame_of(part), frame_of(last_part)},
       2},
      {"/v1beta/models/fast:streamGenerateContent",
       "{}",
       json,
       Form::array,
       {"[" + part, "\n,\n" + part, "\n,\n" + last_part, "\n]"},
       3},
      {"/v1beta/models/fast:generateContent", "{}", json, Form::json, {"{\"candidates\":[", "{}]}"}, 1},
      {"/api/chat",
       R"({"model":"fast"})",
       "application/x-ndjson",
       Form::lines,
       {"{\"message\":{\"content\":\"x\"},\"done\":false}\n", "{\"message\":{\"content\":\"y\"},\"done\":false}\n",
        "{\"message\":{},\"done\":true,\"eval_count\":2}\n"},
       2},
      {"/api/chat",
       R"({"model":"fast"})",
       json,
       Form::lines,  // lines labelled as JSON
       {"{\"message\":{\"content\":\"x\"},\"done\":false}\n", "{\"message\":{},\"done\":true}\n"},
       1},
      {"/v1/audio/speech", R"({"model":"fast"})", "audio/mpeg", Form::opaque, {"\xFF\xFB\x90", "abc\ndata: x\n\n"}, 2},
  };
  return all;
}

enum class Framing { length, chunked, close };

// The bytes to send, and what is known about them.
struct Made {
  const Sample* sample;
  Framing framing;
  std::string wire;
  size_t head_bytes = 0;
  std::string body;       // the wire holds all of it, unless it is cut
  size_t finished_bytes;  // the length of `body` from which on it is finished
  bool old_caller;
  bool content_cut = false;  // the body itself ends early, in valid framing
  bool wire_cut = false;     // the framing is cut too
  bool corrupted = false;
};

std::string framed(Framing framing, std::string_view body, Random& random) {
  if (framing != Framing::chunked) return std::string(body);
  std::string out;
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, 1 + random.below(60));
    char line[20];
    std::snprintf(line, sizeof line, "%zx\r\n", piece.size());
    out += line + std::string(piece) + "\r\n";
    body.remove_prefix(piece.size());
  }
  return out + "0\r\n\r\n";
}

Made make(Random& random) {
  Made made;
  made.sample = &samples()[random.below(samples().size())];
  made.framing = static_cast<Framing>(random.below(3));
  made.old_caller = random.one_in(4);
  made.finished_bytes = SIZE_MAX;
  for (size_t i = 0; i < made.sample->frames.size(); ++i) {
    made.body += made.sample->frames[i];
    if (i != made.sample->finished_at) continue;
    made.finished_bytes = made.body.find_last_not_of("\n") + 1;  // a last frame may lack its line ends
  }
  if (random.one_in(3)) {
    made.content_cut = true;
    made.body.resize(random.below(made.body.size()));
  }
  made.wire = "HTTP/1.1 200 OK\r\ncontent-type: " + std::string(made.sample->type) + "\r\n";
  if (made.framing == Framing::length) made.wire += "content-length: " + std::to_string(made.body.size()) + "\r\n";
  if (made.framing == Framing::chunked) made.wire += "transfer-encoding: chunked\r\n";
  made.wire += "\r\n";
  made.head_bytes = made.wire.size();
  made.wire += framed(made.framing, made.body, random);
  if (!made.content_cut || random.one_in(2)) {
    made.wire_cut = true;
    made.wire.resize(random.below(made.wire.size()));
  }
  if (random.one_in(4) && !made.wire.empty()) {
    made.corrupted = true;
    for (size_t i = 1 + random.below(3); i > 0; --i) {
      made.wire[random.below(made.wire.size())] = static_cast<char>(random.next());
    }
  }
  return made;
}

// What the caller got, read strictly by the rules of HTTP.
struct Got {
  int status = 0;
  bool complete = false;  // by its framing
  bool reset = false;
  std::string body;
};

Got read(const Peer& caller) {
  Got got;
  const std::string& text = caller.text;
  const size_t head_end = text.find("\r\n\r\n");
  if (head_end == text.npos) return got;
  got.status = std::atoi(text.c_str() + 9);
  const std::string head = text.substr(0, head_end + 2);
  std::string_view rest = std::string_view(text).substr(head_end + 4);
  const size_t length = head.find("\r\ncontent-length: ");
  if (length != head.npos) {
    got.body = rest;
    got.complete = rest.size() == std::strtoull(head.c_str() + length + 18, nullptr, 10);
  } else if (head.find("\r\ntransfer-encoding: chunked\r\n") != head.npos) {
    while (!rest.empty()) {
      const size_t line = rest.find("\r\n");
      if (line == rest.npos) return got;
      const size_t size = std::strtoull(std::string(rest.substr(0, line)).c_str(), nullptr, 16);
      if (size == 0) {
        got.complete = rest == "0\r\n\r\n";
        return got;
      }
      if (rest.size() < line + 4 + size) return got;
      got.body += rest.substr(line + 2, size);
      rest.remove_prefix(line + 4 + size);
    }
  } else {
    got.body = rest;
    got.complete = caller.ended && !caller.broken;  // ended by close, not by a reset
  }
  return got;
}

std::string judge(const Made& made, const Got& got, BrokenAnswers::Tally& tally) {
  if (got.status != 200) {
    if (got.status != 0) ++tally.refused;
    if (made.corrupted && got.status != 502) return "";  // the status itself was corrupted
    return got.status == 0 || (got.status == 502 && got.complete) ? "" : "neither an answer nor a whole 502";
  }
  if (!got.complete) {
    ++tally.told_cut;
    return "";
  }
  ++tally.whole;
  if (made.corrupted) return "";  // framing or text may have changed: nothing below can be required
  const Sample& sample = *made.sample;
  const bool reached = got.body.size() >= std::min(made.finished_bytes, made.body.size());
  // Properly ended, and in a form that does not show whether it is complete: all of it must have been relayed.
  if (!made.wire_cut && (sample.form == Form::opaque)) return got.body == made.body ? "" : "not what was sent";
  if (made.wire_cut && sample.form == Form::opaque) {
    return made.framing == Framing::close ? "" : "a cut body that looks whole";
  }
  // An empty body that is properly framed: the target's answer is relayed as it is.
  if (sample.form == Form::json && !made.wire_cut && made.framing != Framing::close && made.body.empty()) return "";
  if (made.finished_bytes == SIZE_MAX || made.finished_bytes > made.body.size()) {
    return "the target never finished it, and it looks whole";
  }
  return reached ? "" : "part of what the target finished, and it looks whole";
}

}  // namespace

std::string BrokenAnswers::run(World& world, uint64_t seed) {
  Random random{seed};
  const Made made = make(random);
  world.targets.clear();
  world.connect();
  const std::string version = made.old_caller ? "1.0" : "1.1";
  world.caller->stream->write("POST " + std::string(made.sample->path) + " HTTP/" + version +
                              "\r\nhost: s\r\ncontent-type: application/json\r\ncontent-length: " +
                              std::to_string(made.sample->request.size()) + "\r\n\r\n" +
                              std::string(made.sample->request));
  world.turn(8);
  if (world.targets.empty()) return "no target was asked";
  std::string_view rest = made.wire;
  const size_t most = size_t{1} << random.below(12);
  while (!rest.empty() && !world.target().broken && !world.target().ended) {
    const std::string_view piece = rest.substr(0, 1 + random.below(most));
    world.target().stream->write(piece);
    rest.remove_prefix(piece.size());
    if (random.one_in(2)) world.turn(2);
  }
  world.turn(4);
  world.target().stream.reset();
  world.turn(10);
  const Got got = read(*world.caller);
  std::string wrong = judge(made, got, tally);
  world.caller->stream.reset();
  world.turn(4);
  std::array<char, 64 * 1024> log;  // the log is drained so that its pipe does not fill up
  while (::read(world.log_pipe[0], log.data(), log.size()) > 0) {
  }
  if (wrong.empty() && world.cells().active_exchanges.get() != 0) wrong = "an exchange is still counted";
  if (wrong.empty() && world.cells().active_streams.get() != 0) wrong = "a stream is still counted";
  if (wrong.empty() && world.pools.open != 0) wrong = "a connection to a target is still counted";
  if (wrong.empty() && world.connections->size() != 0) wrong = "a caller's connection is still counted";
  if (wrong.empty()) return wrong;
  return "seed " + std::to_string(seed) + ": " + wrong + "\n--- sent\n" + made.wire + "\n--- received\n" +
         world.caller->text;
}

}  // namespace sluice::gateway
