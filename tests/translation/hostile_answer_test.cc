// Answers that no model gives but a hostile target might: the work for them must grow linearly with their size, not
// quadratically.
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "api/dialect.h"
#include "api/event_filter.h"
#include "api/tool_names.h"

using namespace sluice;
using namespace sluice::api;

namespace {

constexpr Dialect dialects[] = {Dialect::openai, Dialect::responses, Dialect::anthropic, Dialect::gemini,
                                Dialect::ollama};
constexpr int many = 10'000;

struct Frames {
  const char* what;
  Dialect dialect;
  std::vector<std::string> pieces;  // "#" is a number: 0 to `many` in the first piece, then 0 to `many` in the next
  std::string ending;
};

std::string numbered(const std::string& piece, int number) {
  std::string made;
  for (const char c : piece) {
    if (c == '#') {
      made += std::to_string(number);
    } else if (c == '%') {
      made += std::to_string(many - 1 - number);
    } else {
      made += c;
    }
  }
  return made;
}

const std::string chat_end = R"({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})";

std::string chat(const std::string& delta) { return R"({"choices":[{"index":0,"delta":)" + delta + "}]}"; }

const std::string chat_call =
    chat(R"({"tool_calls":[{"index":#,"id":"c#","type":"function","function":{"name":"f#","arguments":"{"}}]})");

const std::string function_item = R"({"type":"function_call","id":"i#","call_id":"c#","name":"f#","arguments":"")";

std::vector<Frames> all_frames() {
  return {
      {"calls whose pieces are mixed",
       Dialect::openai,
       {chat_call, chat(R"({"tool_calls":[{"index":%,"function":{"arguments":"}"}}]})")},
       chat_end},
      {"calls with ids and no index",
       Dialect::openai,
       {chat(R"({"tool_calls":[{"id":"c#","type":"function","function":{"name":"f#","arguments":"{"}}]})"),
        chat(R"({"tool_calls":[{"id":"c%","function":{"arguments":"}"}}]})")},
       chat_end},
      {"calls that are never whole, and then text between",
       Dialect::openai,
       {chat_call, chat(R"({"content":"a"})"), chat(R"({"reasoning_content":"a"})"), chat(R"({"content":"a"})")},
       chat_end},
      {"text and thinking by turns",
       Dialect::openai,
       {chat(R"({"content":"a","reasoning_content":"b"})"), chat(R"({"refusal":"a","content":"b"})")},
       chat_end},
      {"many calls of one frame",
       Dialect::openai,
       {chat(R"({"content":"a","tool_calls":[{"id":"c#","function":{"name":"f#","arguments":"{}"}}]})")},
       chat_end},
      {"annotations",
       Dialect::openai,
       {chat(R"({"content":"a"})"),
        chat(
            R"({"annotations":[{"type":"url_citation","url_citation":{"url":"http://x/#","title":"t","start_index":0,"end_index":1}}]})")},
       chat_end},
      {"items whose pieces are mixed",
       Dialect::responses,
       {R"({"type":"response.output_item.added","output_index":#,"item":)" + function_item + "}}",
        R"({"type":"response.function_call_arguments.delta","item_id":"i%","output_index":%,"delta":"{}"})",
        R"({"type":"response.output_item.done","output_index":%,"item":)" + function_item + "}}"},
       R"({"type":"response.completed","response":{"id":"r","status":"completed","output":[]}})"},
      {"contents of one message",
       Dialect::responses,
       {R"({"type":"response.content_part.added","output_index":0,"item_id":"m","content_index":#,"part":{"type":"output_text","text":""}})",
        R"({"type":"response.output_text.delta","output_index":0,"item_id":"m","content_index":%,"delta":"a"})",
        R"({"type":"response.output_text.done","output_index":0,"item_id":"m","content_index":%,"text":"a"})"},
       R"({"type":"response.completed","response":{"id":"r","status":"completed","output":[]}})"},
      {"parts of one summary",
       Dialect::responses,
       {R"({"type":"response.reasoning_summary_part.added","output_index":0,"item_id":"m","summary_index":#,"part":{"type":"summary_text","text":""}})",
        R"({"type":"response.reasoning_summary_text.delta","output_index":0,"item_id":"m","summary_index":%,"delta":"a"})",
        R"({"type":"response.reasoning_summary_text.done","output_index":0,"item_id":"m","summary_index":%,"text":"a"})"},
       R"({"type":"response.completed","response":{"id":"r","status":"completed","output":[]}})"},
      {"blocks that never end",
       Dialect::anthropic,
       {R"({"type":"content_block_start","index":#,"content_block":{"type":"tool_use","id":"c#","name":"f#","input":{}}})",
        R"({"type":"content_block_delta","index":9#,"delta":{"type":"text_delta","text":"a"}})"},
       R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":1}})"},
      {"blocks one after the other",
       Dialect::anthropic,
       {R"({"type":"content_block_start","index":#,"content_block":{"type":"text","text":"a"}})",
        R"({"type":"content_block_start","index":#,"content_block":{"type":"thinking","thinking":"a"}})"},
       R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":1}})"},
      {"citations of one block",
       Dialect::anthropic,
       {R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}})",
        R"({"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"http://x/#","title":"t","cited_text":"a","encrypted_index":"e"}}})"},
       R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}})"},
      {"calls",
       Dialect::gemini,
       {R"({"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"id":"c#","name":"f#","args":{}}},{"text":"a"}]}}]})",
        R"({"candidates":[{"content":{"role":"model","parts":[{"text":"a","thought":true},{"text":"b"}]},"groundingMetadata":{"groundingChunks":[{"web":{"uri":"http://x/#","title":"t"}}],"groundingSupports":[{"segment":{"startIndex":0,"endIndex":1,"text":"a"},"groundingChunkIndices":[0]}]}}]})"},
       R"({"candidates":[{"content":{"role":"model","parts":[]},"finishReason":"STOP"}]})"},
      {"calls",
       Dialect::ollama,
       {R"({"message":{"role":"assistant","content":"a","tool_calls":[{"id":"c#","function":{"index":#,"name":"f#","arguments":{}}}]},"done":false})",
        R"({"message":{"role":"assistant","content":"a","thinking":"b"},"done":false})"},
       R"({"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"})"},
  };
}

constexpr std::chrono::seconds most(5);  // these take some tenths of a second; quadratic work would take minutes

// Everything between a reader and the caller, for a plain request.
struct WayOut {
  WayOut(Dialect caller, bool stream)
      : writer(room_of(caller).translation.make_writer(
            {room_of(caller).translated.front(), stream, false, asked, std::string(24, 'i'), 1, "m", {caller, "77"}})) {
  }

  size_t take() {
    const size_t bytes = writer->out.size();
    writer->out.clear();
    return bytes;
  }

  const Request asked{};
  std::unique_ptr<EventWriter> writer;
  PartSequencer in_order{*writer};
  const ToolNames names{};
  CallRestorer restored{names, in_order};
  EndGuard sink{restored};
};

}  // namespace

TEST_CASE("the work that reading an answer makes grows with it, and not with its square") {
  for (const Frames& frames : all_frames()) {
    INFO(frames.what << " of " << name_of(frames.dialect));
    const auto began = std::chrono::steady_clock::now();
    const auto reader = room_of(frames.dialect).translation.make_reader({frames.dialect, "77"});
    WayOut out(Dialect::openai, true);
    for (const std::string& piece : frames.pieces) {
      for (int i = 0; i < many; ++i) {
        REQUIRE(reader->read_frame("", numbered(piece, i), out.sink));
        out.take();
      }
      REQUIRE(std::chrono::steady_clock::now() - began < most);
    }
    REQUIRE(reader->read_frame("", frames.ending, out.sink));
    reader->end(out.sink);
    out.writer->end();
    CHECK_THAT(out.writer->out, Catch::Contains("[DONE]"));
  }
}

TEST_CASE("the work that writing an answer makes grows with it, and not with its square") {
  for (const Dialect caller : dialects) {
    for (const bool stream : {true, false}) {
      INFO("to " << name_of(caller) << (stream ? ", streaming" : ", plain"));
      const auto began = std::chrono::steady_clock::now();
      WayOut out(caller, stream);
      size_t bytes = 0;
      for (uint32_t part = 0; part < 2 * many; part += 2) {
        const std::string number = std::to_string(part);
        out.sink.on_call({part, JsonText{number}, JsonText{number}, CallKind::function, {}});
        out.sink.on_text(part + 1, JsonText{number});
        out.sink.on_citation(part + 1, {JsonText{number}, JsonText{number}, {}, {}, {}, {}, caller});
        bytes += out.take();
      }
      for (uint32_t part = 2 * many; part-- > 0;) {
        if (part % 2 == 0) out.sink.on_arguments(part, JsonText{"{}"});
        out.sink.on_part_end(part);
        bytes += out.take();
      }
      out.sink.on_finish({});
      out.writer->end();
      bytes += out.take();
      CHECK(std::chrono::steady_clock::now() - began < most);
      CHECK(bytes > 2 * many * std::to_string(many).size());  // nothing is missing
    }
  }
}
