// The guard must give the same result however its input is cut, and a head that it passes must contain none of the
// bytes that it exists to stop.
#include <string>

#include "fuzz/fuzz.h"
#include "http/guard.h"

namespace {

using namespace sluice;
using fuzz::check;
using http::Guard;
using http::Parser;

struct Outcome {
  std::string passed;
  std::string error;
  bool whole = false;
  bool operator==(const Outcome&) const = default;
};

Outcome run(const std::vector<std::string_view>& pieces, Parser::Kind kind, const http::ParserLimits& limits,
            bool chunks) {
  Guard guard(kind, limits);
  if (chunks) guard.begin_chunks();
  Outcome outcome;
  for (std::string_view rest : pieces) {
    int idle = 0;
    while (!rest.empty()) {
      const Guard::Step step = guard.next(rest);
      check(step.bytes <= rest.size(), "a step lies in the input");
      if (step.use == Guard::Use::method) outcome.passed.append(name_of(guard.method())).append(" ");
      if (step.use == Guard::Use::pass) outcome.passed.append(rest.substr(0, step.bytes));
      rest.remove_prefix(step.bytes);
      if (guard.failed()) {
        outcome.error = guard.error().message;
        return outcome;
      }
      outcome.whole = guard.head_done() || guard.chunks_done();
      if (outcome.whole) return outcome;
      idle = step.bytes == 0 ? idle + 1 : 0;
      check(idle < 3, "the guard gets on");
    }
  }
  return outcome;
}

void check_clean(std::string_view head) {
  for (size_t i = 0; i < head.size(); ++i) {
    const auto c = static_cast<unsigned char>(head[i]);
    check(c >= ' ' || c == '\t' || c == '\r' || c == '\n', "no control characters");
    check(c != 0x7f, "no DEL");
    if (c == '\n') check(i > 0 && head[i - 1] == '\r', "no LF without CR");
    if (i == 0 || head[i - 1] != '\r') continue;
    check(c == '\n', "no CR without LF");
    if (i + 1 < head.size()) check(head[i + 1] != ' ' && head[i + 1] != '\t', "no folded line");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Input input = fuzz::input_of(data, size);
  const auto kind = (input.choice & 1) != 0 ? Parser::Kind::responses : Parser::Kind::requests;
  const bool chunks = (input.choice & 2) != 0;
  http::ParserLimits limits;
  if ((input.choice & 4) != 0) {
    limits.head_bytes = 48;
    limits.fields = 3;
    limits.target_bytes = 12;
    limits.body_bytes = 32;
    limits.chunk_extension_bytes = 8;
  }
  const Outcome whole = run({input.bytes}, kind, limits, chunks);
  check(whole == run(fuzz::cut(input.bytes, input.seed), kind, limits, chunks), "cuts do not matter");
  if (!chunks) {
    check_clean(whole.passed);
    check(whole.passed.size() <= limits.head_bytes, "the head's limit");
    if (whole.whole) check(whole.passed.ends_with("\r\n\r\n"), "a head ends with an empty line");
  }
  return 0;
}
