#include "translation/stream_grammar.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "api/frame_gatherer.h"
#include "api/json_value.h"

using namespace sluice::api;

namespace sluice::test {
namespace {

class Grammar : public FrameTaker {
 public:
  virtual ~Grammar() = default;
  std::string fault;
  virtual void at_end() = 0;

  void on_frame(std::string_view event, std::string_view data) override {
    if (!fault.empty()) return;
    frame_ = data;
    if (data == "[DONE]") return on_done();
    if (!document_.parse(data)) return wrong("no JSON");
    take(event, document_.root());
  }

 protected:
  virtual void take(std::string_view event, JsonValue frame) = 0;
  virtual void on_done() { wrong("a sentinel"); }
  void wrong(const std::string& what) {
    if (fault.empty()) fault = what + ": " + frame_;
  }
  void must(bool holds, const char* what) {
    if (!holds) wrong(what);
  }
  // Values repeated in every frame must not change.
  void same(const char* name, JsonValue value) {
    const auto [known, is_new] = told_.emplace(name, value.raw());
    if (known->second != value.raw()) wrong(std::string(name) + " was " + known->second);
  }

 private:
  std::string frame_;
  JsonDocument document_;
  std::map<std::string, std::string> told_;
};

class ChatGrammar final : public Grammar {
  void take(std::string_view, JsonValue chunk) override {
    must(!done_, "something behind the sentinel");
    for (const char* const name : {"id", "object", "created", "model"}) same(name, chunk[name]);
    for (const JsonValue choice : chunk["choices"]) {
      must(!finished_, "a choice behind the finish");
      if (choice["delta"]["role"].has_value()) ++roles_;
      must(roles_ == 1 || choice["text"].exists(), "the role");
      finished_ = choice["finish_reason"].has_value();
    }
  }
  void on_done() override {
    must(finished_ && !done_, "the sentinel");
    done_ = true;
  }
  void at_end() override { must(done_, "no end"); }
  unsigned roles_ = 0;
  bool finished_ = false, done_ = false;
};

class MessagesGrammar final : public Grammar {
  void take(std::string_view event, JsonValue frame) override {
    const std::string_view type = frame["type"].word();
    const std::optional<uint64_t> index = frame["index"].count();
    must(event == type, "the event's name");
    must(state_ != State::end, "something behind the end");
    if (type == "message_start") {
      must(state_ == State::begin, "a second start");
      state_ = State::content;
    } else if (type == "content_block_start") {
      must(state_ == State::content && !open_ && index == next_, "a block out of turn");
      open_ = next_++;
    } else if (type == "content_block_delta") {
      must(open_ && index == open_, "a piece of no open block");
    } else if (type == "content_block_stop") {
      must(open_ && index == open_, "an end of no open block");
      open_.reset();
    } else if (type == "message_delta") {
      must(state_ == State::content && !open_, "the finish");
      must(frame["delta"]["stop_reason"].is_string(), "no reason");
      state_ = State::finished;
    } else if (type == "message_stop") {
      must(state_ == State::finished, "the end");
      state_ = State::end;
    } else {
      must(type == "ping", "an unknown event");
    }
  }
  void at_end() override { must(state_ == State::end, "no end"); }
  enum class State { begin, content, finished, end };
  State state_ = State::begin;
  std::optional<uint64_t> open_;
  uint64_t next_ = 0;
};

class ItemsGrammar final : public Grammar {
  void take(std::string_view event, JsonValue frame) override {
    const std::string_view type = frame["type"].word();
    must(event.empty() || event == type, "the event's name");
    must(!ended_, "something behind the end");
    const uint64_t number = frame["sequence_number"].count().value_or(UINT64_MAX);
    must(!number_ || number == *number_ + 1, "its number");
    number_ = number;
    if (frame["response"].is_object()) return take_answer(type, frame["response"]);
    if (type == "response.output_item.added") {
      must(!item_ && frame["output_index"].count() == items_.size(), "an item out of turn");
      item_ = frame["item"]["id"].text().escaped;
      contents_ = 0;
    } else if (type == "response.output_item.done") {
      must(item_ && frame["item"]["id"].text().escaped == *item_, "the end of another item");
      must(!content_, "the end of an item with open content");
      must(frame["item"]["content"].size() == contents_, "the contents of an item");
      items_.emplace_back(frame["item"].raw());
      item_.reset();
    } else if (frame["item_id"].exists()) {
      must(item_ && frame["item_id"].text().escaped == *item_, "of no open item");
      must(frame["output_index"].count() == items_.size(), "another item's number");
      if (frame["content_index"].exists()) take_content(type, frame);
    }
  }
  void take_answer(std::string_view type, JsonValue answer) {
    same("id", answer["id"]);
    same("model", answer["model"]);
    same("created_at", answer["created_at"]);
    if (type == "response.created" || type == "response.in_progress" || type == "response.queued") return;
    ended_ = true;
    must(type == "response.completed" || type == "response.incomplete", "no success");
    must(!item_, "an open item at the end");
    must(answer["output"].size() == items_.size(), "the number of items");
    size_t at = 0;
    for (const JsonValue item : answer["output"]) {
      if (at < items_.size()) must(item.raw() == items_[at], "an item that was another");
      ++at;
    }
  }
  void take_content(std::string_view type, JsonValue frame) {
    must(frame["content_index"].count() == contents_, "another content's number");
    if (type == "response.content_part.added") {
      must(!content_, "a second open content");
      content_ = std::string();
      text_ended_ = false;
    } else if (type == "response.output_text.delta") {
      must(content_ && !text_ended_, "text of no open content");
      if (content_) *content_ += frame["delta"].text().escaped;
    } else if (type == "response.output_text.done") {
      must(content_ && !text_ended_ && *content_ == frame["text"].text().escaped, "the whole text");
      text_ended_ = true;
    } else if (type == "response.content_part.done") {
      must(content_ && text_ended_ && *content_ == frame["part"]["text"].text().escaped, "the whole content");
      content_.reset();
      ++contents_;
    }
  }
  void at_end() override { must(ended_, "no end"); }
  std::optional<uint64_t> number_;
  std::vector<std::string> items_;
  std::optional<std::string> item_, content_;
  uint64_t contents_ = 0;
  bool text_ended_ = false, ended_ = false;
};

class ChunksGrammar final : public Grammar {
  void take(std::string_view, JsonValue chunk) override {
    must(!finished_, "something behind the finish");
    same("responseId", chunk["responseId"]);
    same("modelVersion", chunk["modelVersion"]);
    for (const JsonValue candidate : chunk["candidates"]) finished_ = candidate["finishReason"].has_value();
  }
  void at_end() override { must(finished_, "no end"); }
  bool finished_ = false;
};

class LinesGrammar final : public Grammar {
  void take(std::string_view, JsonValue line) override {
    must(!done_, "something behind the end");
    same("model", line["model"]);
    must(line["done"].boolean().has_value(), "'done' is missing");
    done_ = line["done"].boolean() == true;
  }
  void at_end() override { must(done_, "no end"); }
  bool done_ = false;
};

std::unique_ptr<Grammar> grammar_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::openai:
      return std::make_unique<ChatGrammar>();
    case Dialect::responses:
      return std::make_unique<ItemsGrammar>();
    case Dialect::anthropic:
      return std::make_unique<MessagesGrammar>();
    case Dialect::gemini:
      return std::make_unique<ChunksGrammar>();
    case Dialect::ollama:
      break;
  }
  return std::make_unique<LinesGrammar>();
}

}  // namespace

std::string grammar_fault(Dialect dialect, StreamFormat format, const std::string& stream) {
  const std::unique_ptr<Grammar> grammar = grammar_of(dialect);
  JsonDocument array;
  if (format == StreamFormat::json_array && !array.parse(stream)) return "no JSON: " + stream;
  FrameGatherer gatherer(format, *grammar);
  if (!gatherer.feed(stream)) return "too large";
  grammar->at_end();
  return grammar->fault;
}

StreamFormat stream_format(Dialect dialect, bool json_array) {
  if (dialect == Dialect::ollama) return StreamFormat::ndjson;
  return json_array ? StreamFormat::json_array : StreamFormat::sse;
}

}  // namespace sluice::test
