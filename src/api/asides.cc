#include "api/asides.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include "api/dialect.h"
#include "api/error_body.h"
#include "api/target_error.h"
#include "base/base64.h"
#include "base/json_writer.h"

namespace sluice::api {
namespace {

constexpr uint64_t bytes_for_a_token = 4;

// Reports the error, if the body is one.
bool tell_error(std::string_view body, JsonValue root, EventSink& sink) {
  if (!root["error"].has_value()) return false;
  TargetWords words = target_words(body);
  sink.on_error({0, std::move(words.code), std::move(words.message), {}});
  return true;
}

class CountReader final : public EventReader {
 public:
  explicit CountReader(std::string_view member) : member_(member) {}
  Result<void> read_frame(std::string_view, std::string_view data, EventSink& sink) override {
    return read_body(data, sink);
  }
  Result<void> read_body(std::string_view body, EventSink& sink) override;
  void end(EventSink&) override {}

 private:
  const std::string_view member_;
};

Result<void> CountReader::read_body(std::string_view body, EventSink& sink) {
  JsonDocument document;
  if (Result<void> done = document.parse(body); !done) return done;
  const JsonValue root = document.root();
  if (tell_error(body, root, sink)) return {};
  const std::optional<uint64_t> count = root[member_].count();
  if (!count) return fail(ErrorCode::bad_request, "the answer has no '" + std::string(member_) + "'");
  sink.on_start({});
  AnswerUsage usage;
  usage.counts.input_uncached = count;
  sink.on_usage(usage);
  sink.on_finish({});
  return {};
}

class CountWriter final : public EventWriter {
 public:
  CountWriter(const CountRoom& room, Dialect dialect) : room_(room), dialect_(dialect) {}
  void on_start(const AnswerStart&) override {}
  void on_text(uint32_t, JsonText) override {}
  void on_refusal(uint32_t, JsonText) override {}
  void on_thinking(uint32_t, JsonText, bool) override {}
  void on_signature(uint32_t, const Opaque&, bool) override {}
  void on_call(const CallStart&) override {}
  void on_arguments(uint32_t, JsonText) override {}
  void on_media(uint32_t, PartKind, const Source&) override {}
  void on_citation(uint32_t, const Citation&) override {}
  void on_extra(const Extra&) override {}
  void on_part_end(uint32_t) override {}
  void on_usage(const AnswerUsage& usage) override { usage_.set(usage); }
  void on_finish(const Finish&) override {}
  void on_error(const ProviderError& error) override {
    room_of(dialect_).translation.write_provider_error(error, {}, out);
  }
  void end() override { room_.write_answer(usage_.input(), out); }
  void fail(const Error& error, std::string_view request_id) override { out = error_body(dialect_, error, request_id); }

 private:
  const CountRoom& room_;
  const Dialect dialect_;
  AnswerUsage usage_{};
};

}  // namespace

std::unique_ptr<EventReader> make_count_reader(std::string_view member) {
  return std::make_unique<CountReader>(member);
}

std::unique_ptr<EventWriter> make_count_writer(const CountRoom& room, Dialect dialect) {
  return std::make_unique<CountWriter>(room, dialect);
}

void append_members(std::string_view body, std::span<const std::string_view> names, std::string& out) {
  JsonDocument document;
  if (!document.parse(body)) return;
  bool first = true;
  out += '{';
  for (const JsonValue member : document.root()) {
    const auto is_it = [&member](std::string_view name) { return member.named(name); };
    if (std::none_of(names.begin(), names.end(), is_it)) continue;
    if (!std::exchange(first, false)) out += ',';
    ((out += '"') += member.key().escaped) += "\":";
    out += member.raw();
  }
  out += '}';
}

// --- vectors ---

Result<void> VectorReader::read_body(std::string_view body, EventSink& sink) {
  JsonDocument document;
  if (Result<void> done = document.parse(body); !done) return done;
  const JsonValue root = document.root();
  if (tell_error(body, root, sink)) return {};
  Found found;
  if (!find(root, found)) return sluice::fail(ErrorCode::bad_request, "the answer has no vectors");
  sink.on_start({{}, JsonText{found.model}});
  for (const std::string& vector : found.vectors) {
    sink.on_extra({Extra::Kind::other, 0, {}, vector_type, vector});
  }
  if (found.input_tokens) {
    AnswerUsage usage;
    usage.counts.input_uncached = found.input_tokens;
    sink.on_usage(usage);
  }
  sink.on_finish({});
  return {};
}

VectorWriter::VectorWriter(const AnswerShape& shape, Dialect dialect) : dialect_(dialect) {
  append_json_escaped(model_, shape.model);
  for (const Message& message : shape.request.messages) {
    for (const Part& part : message.parts) input_bytes_ += part.text.escaped.size();
  }
}

void VectorWriter::on_start(const AnswerStart& start) {
  if (!start.model.empty()) model_ = start.model.escaped;
}

void VectorWriter::on_extra(const Extra& extra) {
  if (extra.type == vector_type) vectors_.emplace_back(extra.raw);
}

void VectorWriter::on_error(const ProviderError& error) {
  out.clear();
  room_of(dialect_).translation.write_provider_error(error, {}, out);
}

void VectorWriter::fail(const Error& error, std::string_view request_id) {
  out = error_body(dialect_, error, request_id);
}

uint64_t VectorWriter::input_tokens() const {
  return usage_.counts.input_uncached.value_or((input_bytes_ + bytes_for_a_token - 1) / bytes_for_a_token);
}

std::string base64_of_vector(std::string_view numbers) {
  JsonDocument document;
  if (!document.parse(numbers) || !document.root().is_array()) return {};
  std::string bytes;
  for (const JsonValue number : document.root()) {
    auto bits = std::bit_cast<uint32_t>(static_cast<float>(number.number().value_or(0)));
    for (size_t i = 0; i < sizeof bits; ++i, bits >>= 8) bytes += static_cast<char>(bits & 0xFF);
  }
  return base64_of(bytes);
}

std::string vector_of_base64(std::string_view base64) {
  constexpr size_t max_float_text = 32;
  const std::optional<std::string> bytes = base64_decoded(base64);
  if (!bytes || bytes->empty() || bytes->size() % sizeof(float) != 0) return {};
  std::string out = "[";
  for (size_t at = 0; at < bytes->size(); at += sizeof(float)) {
    uint32_t bits = 0;
    for (size_t i = sizeof bits; i != 0; --i) bits = bits << 8 | static_cast<unsigned char>((*bytes)[at + i - 1]);
    const auto number = std::bit_cast<float>(bits);
    if (!(number - number == 0)) return {};  // JSON has no NaN or infinity
    char text[max_float_text];
    const auto [end, error] = std::to_chars(text, text + sizeof text, number);
    if (at != 0) out += ',';
    out.append(text, end);
  }
  return out + ']';
}

}  // namespace sluice::api
