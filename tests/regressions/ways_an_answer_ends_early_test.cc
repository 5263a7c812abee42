// An SSE answer with Content-Length was cut: the error event filled up the missing bytes, and the body looked complete.
// A cut array of Gemini's ended in "[,{...}]", a Responses stream's error event restarted its numbering, audio that
// ended by close was reported as cut, and a page (text/html) reached callers who had asked for a stream.
#include <catch2/catch.hpp>
#include <vector>

#include "gateway/world.h"

namespace sluice::gateway {
namespace {

std::string chunk(std::string_view bytes) {
  char line[20];
  std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
  return line + std::string(bytes) + "\r\n";
}

std::string head(std::string_view type, std::string_view framing) {
  return "HTTP/1.1 200 OK\r\ncontent-type: " + std::string(type) + "\r\n" + std::string(framing) + "\r\n";
}

constexpr std::string_view chunked = "transfer-encoding: chunked\r\n", by_close = "";
constexpr std::string_view sse = "text/event-stream", json = "application/json";

// The body that the caller has received, without chunk framing; "!" is appended if it has not ended properly.
std::string body_of(const World& world) {
  const std::string& text = world.caller->text;
  const size_t at = text.find("\r\n\r\n");
  if (at == text.npos) return "no answer";
  if (text.find("transfer-encoding: chunked") == text.npos) {
    const size_t length = text.find("content-length: ");
    const bool whole = length < at && text.size() - at - 4 == std::strtoull(text.c_str() + length + 16, nullptr, 10);
    return text.substr(at + 4) + (whole ? "" : "!");
  }
  std::string out;
  for (size_t line = at + 4; line < text.size();) {
    const size_t size = std::strtoull(text.c_str() + line, nullptr, 16);
    if (size == 0) return out;
    line = text.find("\r\n", line) + 2;
    out += text.substr(line, size);
    line += size + 2;
  }
  return out + "!";
}

// The body of the answer to a request at `path`, when the target sends `sent` and then cuts the connection.
std::string after(std::string_view path, std::string_view request, const std::vector<std::string>& sent) {
  World world;
  world.say(post(path, request));
  for (const std::string& piece : sent) world.target_says(piece);
  world.target().stream.reset();
  world.turn();
  CHECK(world.cells().active_exchanges.get() == 0);
  CHECK(world.cells().active_streams.get() == 0);
  return body_of(world);
}

constexpr std::string_view chat = R"({"model":"fast","stream":true})";
const std::string word = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
const std::string finish = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

TEST_CASE("where a length was told, nothing stands in for what is missing") {
  const std::string told = head(sse, "content-length: 400\r\n");
  const std::string said = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n";
  CHECK(after("/v1/responses", chat, {told, said}) == said + "!");
  CHECK(after("/v1/responses", chat, {told, said, "data: {\"type\":\"resp"}) == said + "data: {\"type\":\"resp!");
  // Before any output, sluice's error replaces the answer.
  CHECK(after("/v1/responses", chat, {told}).starts_with("{\"error\":{"));
  CHECK(after("/v1/responses", chat, {told, "data: {}\n\n"}).find("target_cut") != std::string::npos);
  // All promised bytes arrived but the answer is incomplete: the last bytes are withheld.
  const std::string part = "event: response.created\ndata: {\"response\":{\"status\":\"in_progress\"}}\n\n";
  const std::string short_told = head(sse, "content-length: " + std::to_string(said.size() + part.size()) + "\r\n");
  CHECK(after("/v1/responses", chat, {short_told, said, part.substr(0, 30), part.substr(30)}) ==
        said + part.substr(0, 30) + "!");
}

TEST_CASE("the ways a chat's stream can end early") {
  const auto ends = [](std::string_view framing, std::vector<std::string> bytes) {
    std::vector<std::string> sent = {head(sse, framing)};
    for (const std::string& piece : bytes) sent.push_back(framing == chunked ? chunk(piece) : piece);
    return after("/v1/chat/completions", chat, sent);
  };
  for (const std::string_view framing : {chunked, by_close}) {
    const std::string between = ends(framing, {word});
    CHECK(between.starts_with(word + "data: {\"error\":{"));
    CHECK(between.ends_with("}\n\n!"));
    CHECK(ends(framing, {}).starts_with("{\"error\":{"));  // no output yet: an error status
    CHECK(ends(framing, {word, ": note\n"}).starts_with(word + ": note\ndata: {\"error\":"));
    // No half of a frame, which a caller could not parse.
    CHECK(ends(framing, {word, word.substr(0, 40)}).starts_with(word + "data: {\"error\":"));
    CHECK(ends(framing, {word, word.substr(0, word.size() - 1)}).starts_with(word + "data: {\"error\":"));
    CHECK(ends(framing, {"data: {\"choices\":[{\"delta\":{\"content\":\"\xC3"})
              .starts_with("{\"error\":{"));  // no output yet
    // A frame too large to be held back.
    const std::string large = "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(70'000, 'a');
    CHECK(ends(framing, {word, large}).starts_with(word + large + "\n\ndata: {\"error\":"));
    CHECK(ends(framing, {word, finish}) == word + finish + "data: [DONE]\n\n");  // complete even without the sentinel
    CHECK(ends(framing, {word, finish, "data: [DONE]\n\n"}) == word + finish + "data: [DONE]\n\n");
    CHECK(ends(framing, {word, "data: {\"error\":{\"message\":\"no\"}}\n\n"}).find("target_cut") == std::string::npos);
  }
  // The chunked framing ends properly, the stream does not.
  const std::string sound = after("/v1/chat/completions", chat, {head(sse, chunked), chunk(word), "0\r\n\r\n"});
  CHECK(sound.starts_with(word + "data: {\"error\":{"));
  CHECK(sound.ends_with("!"));
}

TEST_CASE("one of two choices is not all of the answer") {
  constexpr std::string_view two = R"({"model":"fast","stream":true,"n":2})";
  const std::string second = "data: {\"choices\":[{\"finish_reason\":\"stop\",\"index\":1}]}\n\n";
  CHECK(after("/v1/chat/completions", two, {head(sse, chunked), chunk(word), chunk(finish)}).ends_with("!"));
  CHECK(after("/v1/chat/completions", two, {head(sse, chunked), chunk(word), chunk(second)}).ends_with("!"));
  CHECK(after("/v1/chat/completions", two, {head(sse, chunked), chunk(second), chunk(finish)}) ==
        second + finish + "data: [DONE]\n\n");
}

TEST_CASE("an array of Gemini's stays an array where it can") {
  const std::string element = R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}]})";
  const auto ends = [](std::string_view text) {
    return after("/v1beta/models/fast:streamGenerateContent", "{}", {head(json, chunked), chunk(text)});
  };
  CHECK(ends("[").starts_with("{\"error\":"));  // no output yet: an error status
  CHECK(ends("[" + element).starts_with("[" + element + ",\n{\"error\":"));
  CHECK(ends("[" + element + "\n,\n").starts_with("[" + element + "\n,\n{\"error\":"));
  CHECK(ends("[" + element + ",{\"candidates\":[{\"te") == "[" + element + ",{\"candidates\":[{\"te!");
  CHECK(ends("[" + element + "]") == "[" + element + "]");
  for (const std::string& text : {ends("[" + element), ends("[" + element + ",")}) CHECK(text.ends_with("}}]!"));
}

TEST_CASE("lines, messages, plain bodies") {
  const std::string line = "{\"message\":{\"content\":\"a\"},\"done\":false}\n";
  for (const std::string_view type : {std::string_view("application/x-ndjson"), json}) {
    const auto ends = [type](std::string_view text) {
      return after("/api/chat", R"({"model":"fast"})", {head(type, chunked), chunk(text)});
    };
    CHECK(ends(line).starts_with(line + "{\"error\":\""));
    CHECK(ends(line + line.substr(0, 9)).starts_with(line + "{\"error\":\""));
    CHECK(ends(line + "{\"done\":true}\n") == line + "{\"done\":true}\n");
  }
  const std::string delta =
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"a\"}}\n\n";
  CHECK(after("/v1/messages", chat, {head(sse, chunked), chunk(delta)}).starts_with(delta + "event: error\ndata: "));
  for (const std::string_view framing : {chunked, std::string_view("content-length: 50\r\n")}) {
    const std::string part = "{\"half\":";
    const std::string got =
        after("/v1/messages", R"({"model":"fast"})", {head(json, framing), framing == chunked ? chunk(part) : part});
    CHECK(got.starts_with("{\"type\":\"error\""));  // no half of it
    CHECK(got.find("half") == std::string::npos);
  }
  // An error's body that is cut.
  CHECK(after("/v1/messages", chat, {"HTTP/1.1 400 No\r\ncontent-type: application/json\r\n\r\n", "{\"error\":{"})
            .starts_with("{\"type\":\"error\""));
  CHECK(after("/v1/messages", chat, {"HTTP/1.1 400 No\r\ncontent-type: application/json\r\n\r\n", "{\"error\":{}}"}) ==
        "{\"error\":{}}");
}

TEST_CASE("what nothing is left of to send is an error and no half answer") {
  World world;
  world.say(post("/v1/messages", R"({"model":"fast"})"));
  world.target_says(head(json, chunked) + "not a chunk");
  CHECK(world.caller->text.starts_with("HTTP/1.1 502 "));
  CHECK(world.cells().active_exchanges.get() == 0);
}

TEST_CASE("audio, text and files that end by close are whole") {
  for (const char* type : {"audio/mpeg", "text/plain", "application/octet-stream", "image/png"}) {
    CHECK(after("/v1/audio/speech", R"({"model":"fast"})", {head(type, by_close), "\xFF\xFBhalf"}) == "\xFF\xFBhalf");
    CHECK(after("/v1/audio/speech", R"({"model":"fast"})", {head(type, chunked), chunk("half")}) == "half!");
  }
}

TEST_CASE("a responses stream counts on to its error event") {
  const auto event = [](int number) {
    return "data: "
           "{\"type\":\"response.output_text.delta\",\"delta\":\"\\\"sequence_number\\\":7\",\"sequence_number\":" +
           std::to_string(number) + "}\n\n";
  };
  std::string many;
  for (int i = 30; i < 44; ++i) many += event(i);
  CHECK(after("/v1/responses", chat, {head(sse, chunked), chunk(many)}).find("\"sequence_number\":44,\"error\"") !=
        std::string::npos);
  const std::string all = chunk(many + event(44));
  CHECK(after("/v1/responses", chat, {head(sse, chunked), all.substr(0, all.size() - 30), all.substr(all.size() - 30)})
            .find("\"sequence_number\":45,\"error\"") != std::string::npos);
}

TEST_CASE("a page is no answer of an API") {
  for (const char* type : {"text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml"}) {
    for (const std::string_view request : {chat, std::string_view(R"({"model":"fast"})")}) {
      World world;
      world.say(post("/v1/chat/completions", request));
      world.target_says(head(type, "content-length: 6\r\n") + "<html>");
      CHECK(world.caller->text.starts_with("HTTP/1.1 502 "));
      CHECK(world.caller->has("base_url"));
      CHECK_FALSE(world.caller->has("<html>"));
    }
  }
  World failing;  // an HTML page with an error status is relayed as it is
  failing.say(post("/v1/chat/completions", R"({"model":"fast"})"));
  failing.target_says("HTTP/1.1 503 Away\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>");
  CHECK(failing.caller->text.starts_with("HTTP/1.1 503 "));
}

}  // namespace
}  // namespace sluice::gateway
