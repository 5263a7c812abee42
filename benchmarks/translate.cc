// Measures the cost of translation alone, in process: CPU and allocations of a request and of a streamed frame, for
// each pair of dialects, next to the cost of passing the same bytes through (peek and edits; the tap). Prints a table;
// with --check, fails if a target in benchmarks/README.md is missed.
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer_tap.h"
#include "api/dialect.h"
#include "api/event_filter.h"
#include "api/frame_gatherer.h"
#include "api/request_peek.h"
#include "net/stream.h"

namespace {
uint64_t allocations = 0;
int64_t live_bytes = 0;
}  // namespace

void* operator new(size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  ++allocations;
  live_bytes += static_cast<int64_t>(malloc_usable_size(memory));
  return memory;
}
void operator delete(void* memory) noexcept {
  live_bytes -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept { operator delete(memory); }

namespace {

using namespace sluice;

constexpr unsigned frames = 400, warm_frames = 100, rounds = 7;
constexpr double max_frame_us = 3, max_frame_allocations = 2, max_request_us = 40, max_large_ratio = 1.5;
constexpr int64_t max_stream_bytes = 12 * 1024;
constexpr std::array dialects{Dialect::openai, Dialect::responses, Dialect::anthropic, Dialect::gemini,
                              Dialect::ollama};
constexpr std::array<std::string_view, 5> endpoints{"chat/completions", "responses", "messages", "generate", "chat"};
constexpr std::array<std::string_view, 5> models{"gpt-4o", "gpt-4o", "claude-sonnet-4-5", "gemini-2.5-flash", "qwen3"};

std::string_view endpoint_of(Dialect dialect) { return endpoints[static_cast<size_t>(dialect)]; }
std::string_view model_of(Dialect dialect) { return models[static_cast<size_t>(dialect)]; }
const api::TranslationRoom& room(Dialect dialect) { return api::room_of(dialect).translation; }
api::Origin origin_of(Dialect dialect) { return {dialect, "0123456789abcdef"}; }

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct Cost {
  double us = 0, allocations = 0;
};

// The best of several rounds of `times` calls; allocations per call are from the last round.
template <typename Work>
Cost cost_of(unsigned times, const Work& work) {
  Cost best{1e12, 0};
  for (unsigned round = 0; round < rounds; ++round) {
    const uint64_t before = allocations;
    const double begun = cpu_us();
    for (unsigned i = 0; i < times; ++i) work();
    best.us = std::min(best.us, (cpu_us() - begun) / times);
    best.allocations = static_cast<double>(allocations - before) / times;
  }
  return best;
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "translate: %s\n", why.c_str());
  std::exit(2);
}

// --- requests ---

std::string chat_request(unsigned turns, size_t result_bytes, unsigned tools) {
  std::string body =
      R"({"model":"gpt-4o","stream":true,"messages":[{"role":"system","content":"You are a careful assistant."})";
  const std::string result(result_bytes, 'x');
  for (unsigned i = 0; i < turns; ++i) {
    const std::string id = "call_" + std::to_string(i);
    body += R"(,{"role":"user","content":"What is the weather like in Paris, and \"why\"?"})";
    if (result_bytes == 0) {
      body += R"(,{"role":"assistant","content":"It is sunny in Paris, as it was the day before."})";
      continue;
    }
    body += R"(,{"role":"assistant","content":null,"tool_calls":[{"id":")" + id +
            R"(","type":"function","function":{"name":"read_0","arguments":"{\"path\":\"src/a.cc\"}"}}]},)"
            R"({"role":"tool","tool_call_id":")" +
            id + R"(","content":")" + result + R"("})";
  }
  body += R"(],"temperature":0.5,"tools":[)";
  for (unsigned i = 0; i < tools; ++i) {
    body += std::string(i == 0 ? "" : ",") + R"({"type":"function","function":{"name":"read_)" + std::to_string(i) +
            R"(","description":"Reads a file of the project.","parameters":{"type":"object","properties":{"path":)"
            R"({"type":"string","description":"where it is"},"lines":{"type":"integer"}},"required":["path"]}}})";
  }
  return body + "]}";
}

std::string written_for(const std::string& body, Dialect from, Dialect to) {
  const auto request =
      room(from).read_request(body, {endpoint_of(from), from == Dialect::gemini ? model_of(from) : "", true});
  if (!request) give_up(request.error().message);
  api::Dropped dropped;
  api::WrittenRequest written;
  if (const auto left = api::leave_behind(**request, dropped); !left) give_up(left.error().message);
  const api::TargetFacts facts = api::facts_for(model_of(to), origin_of(to), true);
  if (const auto done = room(to).write_request(**request, facts, dropped, written); !done)
    give_up(done.error().message);
  return std::move(written.body);
}

std::string padded(std::string body) {
  body.reserve(body.size() + net::read_padding_bytes);
  return body;
}

// The cost of a request that stays in its dialect: the model name is found and replaced.
Cost passing_request(const std::string& body, Dialect dialect, unsigned times) {
  return cost_of(times, [&] {
    const auto peek = api::peek_request(body, dialect);
    if (!peek) give_up(peek.error().message);
    const std::vector<api::Edit> edits = api::edits_for(*peek, "another", false);
    std::vector<std::string_view> pieces;
    api::apply(body, edits, pieces);
  });
}

// --- streams ---

// A stream of texts as a target of this dialect sends it, frame by frame.
std::vector<std::string> stream_of(Dialect dialect) {
  api::Request asked;
  asked.from = dialect;
  asked.stream = asked.usage_wanted = true;
  const auto writer = room(dialect).make_writer({endpoint_of(dialect), true, false, asked, "abcdefghijklmnopqrstuvwx",
                                                 1, std::string(model_of(dialect)), origin_of(dialect)});
  std::vector<std::string> parts;
  const auto take = [&] {
    parts.push_back(writer->out);
    writer->out.clear();
  };
  writer->on_start({api::JsonText{"answer_1"}, api::JsonText{model_of(dialect)}});
  writer->on_text(0, api::JsonText{"It"});
  take();
  for (unsigned i = 0; i < frames; ++i) {
    writer->on_text(0, api::JsonText{" is a sunny day, \\\"so\\\" it"});
    take();
  }
  writer->on_part_end(0);
  api::AnswerUsage usage;
  usage.counts.input_uncached = 100;
  usage.counts.output = frames;
  writer->on_usage(usage);
  writer->on_finish({api::FinishReason::stop, {}, {}, {}, dialect});
  writer->end();
  take();
  return parts;
}

// One translated answer, assembled as in the gateway.
class Answer final : api::FrameTaker {
 public:
  Answer(Dialect target, Dialect caller, const api::Request& asked)
      : reader_(room(target).make_reader(origin_of(target))),
        writer_(room(caller).make_writer(
            {endpoint_of(caller), true, false, asked, "abcdefghijklmnopqrstuvwx", 1, "m", origin_of(target)})),
        sequencer_(*writer_),
        restorer_(names_, sequencer_),
        guard_(restorer_),
        lines_(api::room_of(target).places.streams_lines),
        tap_(target, api::media_type_of(lines_ ? "application/x-ndjson" : "text/event-stream"), false, {true, 1}),
        gatherer_(tap_.format(), *this) {}

  void feed(std::string_view bytes) {
    tap_.feed(bytes, pieces_);
    pieces_.clear();
    if (!gatherer_.feed(bytes)) give_up("a frame is too large");
    written += writer_->out.size();
    writer_->out.clear();
  }
  size_t written = 0;

 private:
  void on_frame(std::string_view event, std::string_view data) override {
    if (!reader_->read_frame(event, data, guard_) && data != "[DONE]") give_up("a frame is refused");
  }
  const api::ToolNames names_{};
  std::unique_ptr<api::EventReader> reader_;
  std::unique_ptr<api::EventWriter> writer_;
  api::PartSequencer sequencer_;
  api::CallRestorer restorer_;
  api::EndGuard guard_;
  const bool lines_;
  api::AnswerTap tap_;
  api::FrameGatherer gatherer_;
  std::vector<std::string_view> pieces_{};
};

struct StreamCost {
  Cost frame{1e12, 0};
  int64_t open_bytes = 0;
};

// The cost of frames in the middle of a stream.
template <typename Make>
StreamCost frames_of(const std::vector<std::string>& parts, const Make& make) {
  StreamCost cost;
  for (unsigned round = 0; round < rounds; ++round) {
    const int64_t before_bytes = live_bytes;
    const auto answer = make();
    unsigned i = 0;
    for (; i <= warm_frames; ++i) answer->feed(parts[i]);
    const uint64_t before = allocations;
    const double begun = cpu_us();
    for (; i <= frames; ++i) answer->feed(parts[i]);
    cost.frame.us = std::min(cost.frame.us, (cpu_us() - begun) / (frames - warm_frames));
    cost.frame.allocations = static_cast<double>(allocations - before) / (frames - warm_frames);
    cost.open_bytes = live_bytes - before_bytes;
  }
  return cost;
}

class Passed {
 public:
  explicit Passed(Dialect target)
      : tap_(target,
             api::media_type_of(api::room_of(target).places.streams_lines ? "application/x-ndjson"
                                                                          : "text/event-stream"),
             false, {true, 1}) {}
  void feed(std::string_view bytes) {
    tap_.feed(bytes, pieces_);
    pieces_.clear();
  }

 private:
  api::AnswerTap tap_;
  std::vector<std::string_view> pieces_{};
};

struct Missed {
  bool check = false;
  unsigned count = 0;
  void unless(bool holds, const std::string& pair, const char* what) {
    if (!check || holds) return;
    std::fprintf(stderr, "missed: %s: %s\n", pair.c_str(), what);
    ++count;
  }
};

void compare(Dialect caller, Dialect target, Missed& missed) {
  constexpr unsigned small_times = 300, large_times = 8;
  const std::string chat_small = chat_request(4, 0, 1), chat_large = chat_request(60, 8000, 20);
  const std::string small =
      padded(caller == Dialect::openai ? chat_small : written_for(chat_small, Dialect::openai, caller));
  const std::string large =
      padded(caller == Dialect::openai ? chat_large : written_for(chat_large, Dialect::openai, caller));
  const std::string pair = std::string(name_of(caller)) + " > " + std::string(name_of(target));
  const Cost small_passed = passing_request(small, caller, small_times),
             large_passed = passing_request(large, caller, large_times);
  const std::vector<std::string> parts = stream_of(target);
  const StreamCost passed = frames_of(parts, [&] { return std::make_unique<Passed>(target); });
  if (caller == target) {
    std::printf("| %-22s | %8.1f | %6.0f | %9.1f |       | %6.2f | %5.2f | %7lld |\n", pair.c_str(), small_passed.us,
                small_passed.allocations, large_passed.us, passed.frame.us, passed.frame.allocations,
                static_cast<long long>(passed.open_bytes));
    return;
  }
  const Cost small_cost = cost_of(small_times, [&] { (void)written_for(small, caller, target); });
  const Cost large_cost = cost_of(large_times, [&] { (void)written_for(large, caller, target); });
  api::Request asked;
  asked.from = caller;
  asked.stream = asked.usage_wanted = true;
  const StreamCost stream = frames_of(parts, [&] { return std::make_unique<Answer>(target, caller, asked); });
  std::printf("| %-22s | %8.1f | %6.0f | %9.1f | %5.2f | %6.2f | %5.2f | %7lld |\n", pair.c_str(), small_cost.us,
              small_cost.allocations, large_cost.us, large_cost.us / large_passed.us, stream.frame.us,
              stream.frame.allocations, static_cast<long long>(stream.open_bytes));
  missed.unless(stream.frame.us <= max_frame_us, pair, "CPU of a frame");
  missed.unless(stream.frame.allocations <= max_frame_allocations, pair, "allocations of a frame");
  missed.unless(small_cost.us <= max_request_us, pair, "CPU of a request with 8 messages");
  missed.unless(large_cost.us <= max_large_ratio * large_passed.us, pair, "CPU of a request of 500 kB");
  missed.unless(stream.open_bytes <= max_stream_bytes, pair, "memory of an open stream");
}

}  // namespace

int main(int count, char** arguments) {
  Missed missed;
  missed.check = count > 1 && std::string_view(arguments[1]) == "--check";
  std::printf("| caller > target        | 8 msg us | allocs | 500 kB us | ratio | frame  | allocs| open B  |\n");
  std::printf("|------------------------|---------:|-------:|----------:|------:|-------:|------:|--------:|\n");
  for (const Dialect caller : dialects) {
    for (const Dialect target : dialects) compare(caller, target, missed);
  }
  return missed.count == 0 ? 0 : 1;
}
