// Whatever a caller's body is, its reader accepts it or rejects it as the caller's fault. An accepted request is
// written for its own dialect and for the others as JSON that is not many times larger, or rejected with a reason. The
// list of dropped members fits a header field.
#include <array>
#include <string>

#include "api/dialect.h"
#include "api/history.h"
#include "api/json_value.h"
#include "fuzz/fuzz.h"

namespace {

using namespace sluice;
using fuzz::check;

struct Asker {
  Dialect dialect;
  std::string_view endpoint, url_model;
};

constexpr std::array askers{Asker{Dialect::openai, "chat/completions", {}},
                            Asker{Dialect::responses, "responses", {}},
                            Asker{Dialect::anthropic, "messages", {}},
                            Asker{Dialect::gemini, "generate", "gemini-2.5-pro"},
                            Asker{Dialect::ollama, "chat", {}},
                            Asker{Dialect::ollama, "generate", {}}};
constexpr std::array<std::string_view, 4> models{"gpt-5", "claude-opus-4-1", "gemini-2.0-flash", "qwen3"};
constexpr size_t max_growth = 64, max_added = 64 * 1024;

bool is_json(std::string_view text) {
  api::JsonDocument document;
  return document.parse(text).has_value();
}

void write_for(api::Request& request, Dialect to, std::string_view model, size_t body_bytes) {
  const api::TranslationRoom& room = api::room_of(to).translation;
  const bool own = to == request.from;
  api::Dropped dropped;
  const api::TargetFacts facts = api::facts_for(model, {to, "77"}, false);
  if (!own && !api::fit_to(facts, request, dropped)) return;
  api::WrittenRequest written;
  const Result<void> done = room.write_request(request, facts, dropped, written);
  check(done || !done.error().message.empty(), "a refusal has a reason");
  if (!done) return;
  check(is_json(written.body), "what is written is JSON");
  check(written.body.size() <= max_growth * body_bytes + max_added, "what is written has a bound");
  check(written.head_lines.empty() || written.head_lines.ends_with("\r\n"), "whole fields");
  for (const char c : dropped.text()) check(c >= ' ' && c <= '~', "what was dropped can be told in a field");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Input input = fuzz::input_of(data, size);
  if (input.bytes.empty()) return 0;
  const Asker& asker = askers[input.choice % askers.size()];
  const std::string_view model = models[input.seed % models.size()];
  const std::string body(input.bytes);
  const api::ReadContext context{asker.endpoint, asker.url_model, (input.choice & 128) != 0};
  const auto request = api::room_of(asker.dialect).translation.read_request(body, context);
  if (!request) {
    check(request.error().code == ErrorCode::bad_request || request.error().code == ErrorCode::untranslatable,
          "a refusal is the caller's");
    check(!request.error().message.empty(), "a refusal has a reason");
    return 0;
  }
  check(is_json(body), "what is no JSON is refused");
  for (const api::DialectRoom* room : api::rooms()) {
    auto again = api::room_of(asker.dialect).translation.read_request(body, context);
    check(again.has_value(), "what has been read can be read");
    write_for(**again, room->id, model, body.size());
  }
  return 0;
}
