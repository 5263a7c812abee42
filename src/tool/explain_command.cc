#include "tool/explain_command.h"

#include <cstdio>
#include <string_view>

#include "base/plain_file.h"
#include "gateway/asking.h"
#include "gateway/list_keeper.h"
#include "routing/explain.h"

namespace sluice {
namespace {

constexpr uint32_t max_lists_ms = 5'000;
constexpr size_t max_request_bytes = 64u << 20;
constexpr int exit_explained = 0, exit_not_routed = 1, exit_not_started = 2;

int complain(const std::string& line, int code) {
  std::fprintf(stderr, "sluice explain: %s\n", line.c_str());
  return code;
}

}  // namespace

int run_explain(const StartupOptions& options, const ExplainOptions& what, const net::Clock& clock, bool json) {
  gateway::AskedBody asked;
  if (!what.request_file.empty()) {
    const Result<std::string> body = read_plain_file(what.request_file, max_request_bytes);
    if (!body) return complain(what.request_file + ": " + body.error().message, exit_not_started);
    Result<gateway::AskedBody> read = gateway::read_asked(*body);
    if (!read) return complain(what.request_file + ": " + read.error().message, exit_not_routed);
    asked = std::move(*read);
  }
  if (!what.model.empty()) asked.model = what.model;
  if (asked.model.empty()) return complain("no model is named", exit_not_routed);
  const auto config = load_config(options, clock);
  if (!config) {
    for (const std::string& line : config.error().lines) complain(line, 0);
    return config.error().exit_code;
  }
  const auto lists = gateway::ask_for_lists(*config, max_lists_ms);
  if (!lists) return complain(lists.error().message, exit_not_started);
  for (const auto& problem : lists->problems) {
    if (!problem.what.empty()) complain(problem.provider + ": no list: " + problem.what, 0);
  }
  asked.asking.affinity = what.affinity;
  asked.asking.now_ms = clock.monotonic_ns() / 1'000'000;
  asked.asking.chance = clock.monotonic_ns();
  const auto explanation = routing::explain(lists->catalog->router(), asked.model, asked.asking);
  if (!explanation) return complain(explanation.error().message, exit_not_routed);
  const std::string text = json ? routing::explanation_json(*explanation) : routing::explanation_text(*explanation);
  std::fputs(text.c_str(), stdout);
  return exit_explained;
}

}  // namespace sluice
