#include "observe/metrics.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <thread>

#include "observe/exposition.h"
#include "support/fake_clock.h"

namespace sluice::observe {
namespace {

using test::Exposition;

constexpr int64_t now_s = sluice::test::fake_unix_ms / 1000;

std::string_view operation_of(std::string_view route) {
  if (route == "chat/completions" || route == "messages") return "chat";
  return route == "generate" ? "text_completion" : route;
}

TEST_CASE("a histogram's bounds belong to their bucket") {
  Histogram histogram({10, 20, 50});
  REQUIRE(histogram.size() == 3);
  struct Row {
    uint64_t us;
    size_t bucket;
  };
  const std::vector<Row> rows = {
      {0, 0}, {9, 0}, {10, 0}, {11, 1}, {20, 1}, {21, 2}, {50, 2}, {51, 3}, {1'000'000'000'000, 3}};
  int64_t sum = 0;
  for (const Row& row : rows) {
    CAPTURE(row.us);
    const int64_t before = histogram.count(row.bucket);
    histogram.observe_us(row.us);
    CHECK(histogram.count(row.bucket) == before + 1);
    sum += static_cast<int64_t>(row.us);
    CHECK(histogram.sum_us() == sum);
  }
}

TEST_CASE("a histogram takes as many bounds as it has room for") {
  std::vector<uint64_t> bounds;
  for (uint64_t i = 1; i <= Histogram::max_buckets; ++i) bounds.push_back(i);
  CHECK(Histogram(bounds).size() == Histogram::max_buckets);
  bounds.push_back(1000);
  Histogram histogram(bounds);
  CHECK(histogram.size() == Histogram::max_buckets);
  histogram.observe_us(1000);
  CHECK(histogram.count(Histogram::max_buckets) == 1);
}

TEST_CASE("each status has its own cell") {
  Series series;
  struct Row {
    int status, counted_as;
  };
  for (const Row& row :
       std::vector<Row>{{200, 200}, {100, 100}, {599, 599}, {99, 0}, {600, 0}, {-1, 0}, {0, 0}, {65735, 0}}) {
    CAPTURE(row.status);
    Cell& cell = series.status(row.status);
    const int64_t before = cell.get();
    cell.add(1);
    CHECK(&series.status(row.counted_as) == &cell);
    CHECK(series.status(row.counted_as).get() == before + 1);
  }
  for (int status = 100; status <= 599; ++status) series.status(status).add(status);
  std::map<int, int64_t> seen;
  series.by_status.for_each([&](int status, int64_t count) { CHECK(seen.emplace(status, count).second); });
  CHECK(seen.size() == 501);
  CHECK(seen[0] == 5);
  CHECK(seen[200] == 201);
  CHECK(seen[404] == 404);
}

TEST_CASE("a series is found again") {
  WorkerMetrics worker;
  std::vector<Series*> made;
  for (int i = 0; i < 300; ++i) made.push_back(&worker.series("chat/completions", "p/" + std::to_string(i)));
  for (int i = 0; i < 300; ++i)
    CHECK(&worker.series("chat/completions", "p/" + std::to_string(i)) == made[static_cast<size_t>(i)]);
  CHECK(&worker.series("a", "b") != &worker.series("b", "a"));
  CHECK(&worker.series("ab", "") != &worker.series("a", "b"));
}

TEST_CASE("series beyond the limit count as other") {
  Metrics metrics(2, sluice::test::fake_unix_ms);
  WorkerMetrics& worker = metrics.worker(0);
  const auto target = [](size_t i) { return "p/" + std::to_string(i); };
  std::set<Series*> made;
  for (size_t i = 0; i < MetricNames::max_pairs; ++i) made.insert(&worker.series("messages", target(i)));
  CHECK(made.size() == MetricNames::max_pairs);
  Series& beyond = worker.series("messages", target(MetricNames::max_pairs));
  CHECK(made.count(&beyond) == 0);
  CHECK(&worker.series("messages", target(MetricNames::max_pairs + 1)) == &beyond);
  CHECK(&worker.series("messages", "other") == &beyond);
  CHECK(&worker.series("messages", target(MetricNames::max_pairs - 1)) != &beyond);
  // The limit is shared by all workers: a name that one worker has may be used by another, but no new one is added.
  WorkerMetrics& second = metrics.worker(1);
  CHECK(&second.series("messages", target(1)) != &second.series("messages", target(2)));
  CHECK(&second.series("messages", "p/new") == &second.series("messages", "other"));
  // A route that is not listed keeps its name, until there are too many of these too.
  std::set<Series*> others = {&beyond};
  for (size_t i = 1; i < MetricNames::max_others; ++i) others.insert(&worker.series("route" + std::to_string(i), "x"));
  CHECK(others.size() == MetricNames::max_others);
  Series& last = worker.series("one more", "x");
  CHECK(others.count(&last) == 0);
  CHECK(&worker.series("and one more", "y") == &last);
}

TEST_CASE("of targets that nothing in the configuration names, fewer have series") {
  WorkerMetrics worker;
  for (size_t i = 0; i < MetricNames::max_unlisted; ++i) worker.series("messages", "p/" + std::to_string(i), false);
  Series& other = worker.series("messages", "other");
  CHECK(&worker.series("messages", "p/one more", false) == &other);
  CHECK(&worker.series("messages", "p/listed") != &other);
  CHECK(&worker.series("messages", "p/0", false) != &other);
}

TEST_CASE("keys beyond the limit count as other") {
  WorkerMetrics worker;
  std::set<KeySeries*> made;
  for (size_t i = 0; i < MetricNames::max_keys; ++i) made.insert(&worker.key("k" + std::to_string(i)));
  CHECK(made.size() == MetricNames::max_keys);
  CHECK(&worker.key("one more") == &worker.key("another"));
  CHECK(&worker.key("k0") == *made.find(&worker.key("k0")));
}

TEST_CASE("a label that is too long counts as other") {
  WorkerMetrics worker;
  Series& longest = worker.series("messages", std::string(WorkerMetrics::max_label_bytes, 'a'));
  Series& other = worker.series("messages", "other");
  CHECK(&longest != &other);
  CHECK(&worker.series("messages", std::string(WorkerMetrics::max_label_bytes + 1, 'a')) == &other);
}

TEST_CASE("the page adds up the workers") {
  Metrics metrics(2, sluice::test::fake_unix_ms, operation_of);
  for (size_t i = 0; i < 2; ++i) {
    WorkerMetrics& worker = metrics.worker(i);
    Series& series = worker.series("chat/completions", "openai/gpt-5");
    series.status(200).add(3);
    series.status(429).add(static_cast<int64_t>(i));
    series.duration.observe_us(i == 0 ? 1'000 : 1'001);
    series.overhead.observe_us(20);
    series.first_byte.observe_us(700'000'000);
    series.tokens[static_cast<size_t>(TokenKind::cache_read)].add(5);
    worker.active_exchanges.set(7);
    worker.pool_open.set(4);
    worker.pool_idle.set(3);
    worker.caller_bytes_in.add(10);
    worker.target_bytes_out.add(20);
    worker.records_lost_total.add(1);
  }
  const Exposition page(metrics.page());
  const std::map<std::string, std::string> labels = {{"route", "chat/completions"}, {"target", "openai/gpt-5"}};
  const auto with = [&labels](const std::string& name, const std::string& value) {
    auto all = labels;
    all[name] = value;
    return all;
  };
  const std::map<std::string, std::string> gen_ai = {{"route", "chat/completions"},
                                                     {"gen_ai_operation_name", "chat"},
                                                     {"gen_ai_provider_name", "openai"},
                                                     {"gen_ai_request_model", "gpt-5"}};
  const auto gen_ai_with = [&gen_ai](const std::string& name, const std::string& value) {
    auto all = gen_ai;
    all[name] = value;
    return all;
  };
  CHECK(page.value("sluice_requests_total", with("status", "200")) == 6);
  CHECK(page.value("sluice_requests_total", with("status", "429")) == 1);
  CHECK(page.value("gen_ai_server_request_duration_seconds_bucket", gen_ai_with("le", "0.001")) == 1);
  CHECK(page.value("gen_ai_server_request_duration_seconds_bucket", gen_ai_with("le", "0.0025")) == 2);
  CHECK(page.value("gen_ai_server_request_duration_seconds_count", gen_ai) == 2);
  CHECK(page.value("gen_ai_server_request_duration_seconds_sum", gen_ai) == Approx(0.002001).epsilon(1e-9));
  CHECK(page.value("sluice_gateway_overhead_seconds_bucket", with("le", "0.00001")) == 0);
  CHECK(page.value("sluice_gateway_overhead_seconds_bucket", with("le", "0.00002")) == 2);
  CHECK(page.value("gen_ai_server_time_to_first_token_seconds_bucket", gen_ai_with("le", "120")) == 0);
  CHECK(page.value("gen_ai_server_time_to_first_token_seconds_bucket", gen_ai_with("le", "+Inf")) == 2);
  CHECK(page.value("gen_ai_server_time_to_first_token_seconds_sum", gen_ai) == 1400);
  CHECK(page.value("sluice_tokens_total", with("kind", "cache_read")) == 10);
  CHECK(page.value("sluice_active_exchanges") == 14);
  CHECK(page.value("sluice_pool_connections", {{"state", "open"}}) == 8);
  CHECK(page.value("sluice_pool_connections", {{"state", "idle"}}) == 6);
  CHECK(page.value("sluice_caller_bytes_total", {{"direction", "in"}}) == 20);
  CHECK(page.value("sluice_target_bytes_total", {{"direction", "out"}}) == 40);
  CHECK(page.value("sluice_records_lost_total", {{"reason", "queue"}}) == 2);
  CHECK(page.value("sluice_build_info", {{"version", SLUICE_VERSION}}) == 1);
}

TEST_CASE("OpenTelemetry's names for what is done and by whom") {
  struct Row {
    std::string route, target, operation, provider, model;
  };
  const std::vector<Row> rows = {
      {"messages", "anthropic/claude", "chat", "anthropic", "claude"},
      {"generate", "lab/a/b", "text_completion", "lab", "a/b"},
      {"rerank", "lab/x", "rerank", "lab", "x"},
      {"ollama/tags", "ollama", "ollama/tags", "ollama", ""},
      {"unknown", "", "unknown", "", ""},
      {"chat/completions", "other", "chat", "other", ""},
  };
  Metrics metrics(1, sluice::test::fake_unix_ms, operation_of);
  for (const Row& row : rows) metrics.worker(0).series(row.route, row.target).duration.observe_us(1);
  const Exposition page(metrics.page());
  for (const Row& row : rows) {
    CAPTURE(row.route, row.target);
    CHECK(page.value("gen_ai_server_request_duration_seconds_count", {{"route", row.route},
                                                                      {"gen_ai_operation_name", row.operation},
                                                                      {"gen_ai_provider_name", row.provider},
                                                                      {"gen_ai_request_model", row.model}}) == 1);
  }
}

TEST_CASE("each cell stands on the page under its own name") {
  using W = WorkerMetrics;
  struct Row {
    Cell W::*cell;
    std::string name;
    std::map<std::string, std::string> labels;
  };
  const std::vector<Row> rows = {
      {&W::active_exchanges, "sluice_active_exchanges", {}},
      {&W::active_streams, "sluice_active_streams", {}},
      {&W::caller_connections, "sluice_caller_connections", {}},
      {&W::caller_connections_total, "sluice_caller_connections_accepted_total", {}},
      {&W::caller_bytes_in, "sluice_caller_bytes_total", {{"direction", "in"}}},
      {&W::caller_bytes_out, "sluice_caller_bytes_total", {{"direction", "out"}}},
      {&W::target_bytes_in, "sluice_target_bytes_total", {{"direction", "in"}}},
      {&W::target_bytes_out, "sluice_target_bytes_total", {{"direction", "out"}}},
      {&W::pool_open, "sluice_pool_connections", {{"state", "open"}}},
      {&W::pool_idle, "sluice_pool_connections", {{"state", "idle"}}},
      {&W::pool_reused_total, "sluice_pool_reused_total", {}},
      {&W::pool_dialed_total, "sluice_pool_dialed_total", {}},
      {&W::pool_waiting, "sluice_pool_waiting", {}},
      {&W::accept_paused_total, "sluice_accept_paused_total", {}},
      {&W::malformed_requests_total, "sluice_malformed_requests_total", {}},
      {&W::records_lost_total, "sluice_records_lost_total", {{"reason", "queue"}}},
      {&W::limit_waiting, "sluice_limit_waiting", {}},
      {&W::kept_streams, "sluice_kept_streams", {}},
      {&W::kept_stream_bytes, "sluice_kept_stream_bytes", {}},
  };
  Metrics metrics(1, sluice::test::fake_unix_ms);
  for (size_t i = 0; i < rows.size(); ++i) (metrics.worker(0).*rows[i].cell).set(static_cast<int64_t>(i) + 100);
  const Exposition page(metrics.page());
  for (size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(rows[i].name);
    CHECK(page.value(rows[i].name, rows[i].labels) == static_cast<double>(i) + 100);
  }
}

TEST_CASE("what limits refused and let wait is counted by subject and limit, over all workers") {
  Metrics metrics(2, sluice::test::fake_unix_ms);
  for (size_t i = 0; i < 9; ++i) {
    metrics.worker(0).limit_refused[i].set(static_cast<int64_t>(i));
    metrics.worker(1).limit_refused[i].set(10);
    metrics.worker(1).limit_waited[i].set(static_cast<int64_t>(100 + i));
  }
  const Exposition page(metrics.page());
  size_t i = 0;
  for (const char* subject : {"key", "provider", "model"}) {
    for (const char* limit : {"requests", "tokens", "concurrent"}) {
      const std::map<std::string, std::string> labels = {{"subject", subject}, {"limit", limit}};
      CHECK(page.value("sluice_limit_refused_total", labels) == static_cast<double>(10 + i));
      CHECK(page.value("sluice_limit_waited_total", labels) == static_cast<double>(100 + i));
      ++i;
    }
  }
}

TEST_CASE("targets are told of as they are when the page is made") {
  Metrics metrics(1, sluice::test::fake_unix_ms);
  uint32_t in_flight = 3;
  metrics.watch_targets([&in_flight] {
    return std::vector<Metrics::TargetState>{{"lab/x", "open", 12, 7, 2, 1'500'000, in_flight}, {"lab/y", "closed"}};
  });
  for (; in_flight < 5; ++in_flight) {
    const Exposition page(metrics.page());
    const std::map<std::string, std::string> x = {{"target", "lab/x"}}, y = {{"target", "lab/y"}};
    CHECK(page.value("sluice_target_state", {{"target", "lab/x"}, {"state", "open"}}) == 1);
    CHECK(page.value("sluice_target_state", {{"target", "lab/y"}, {"state", "closed"}}) == 1);
    CHECK(page.value("sluice_target_in_flight", x) == in_flight);
    CHECK(page.value("sluice_target_attempts_total", x) == 12);
    CHECK(page.value("sluice_target_attempts_failed_total", x) == 7);
    CHECK(page.value("sluice_target_repeats_refused_total", x) == 2);
    CHECK(page.value("sluice_target_first_output_seconds", x) == 1.5);
    CHECK(page.value("sluice_target_attempts_total", y) == 0);
    CHECK(page.families.at("sluice_target_first_output_seconds").samples.size() == 1);
  }
}

TEST_CASE("credentials that are left alone are told of by place") {
  Metrics metrics(1, sluice::test::fake_unix_ms);
  metrics.watch_credentials([] { return std::vector<Metrics::CredentialState>{{"lab", 1, true}, {"lab", 2, false}}; });
  const Exposition page(metrics.page());
  CHECK(page.value("sluice_credential_benched", {{"provider", "lab"}, {"key", "1"}}) == 1);
  CHECK(page.value("sluice_credential_benched", {{"provider", "lab"}, {"key", "2"}}) == 0);
}

TEST_CASE("labels are escaped") {
  struct Row {
    std::string target, read;
  };
  const std::vector<Row> rows = {
      {"a\"b", "a\"b"},
      {"a\\b", "a\\b"},
      {"a\nb", "a\nb"},
      {"", ""},
      {"\xc3\xa9", "\xc3\xa9"},
      {"x\xffy", "x\xef\xbf\xbdy"},
      {"x\xe2\x82", "x\xef\xbf\xbd\xef\xbf\xbd"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    Metrics metrics(1, sluice::test::fake_unix_ms);
    metrics.worker(0).series("messages", row.target).status(200).add(1);
    const Exposition page(metrics.page());
    CHECK(page.value("sluice_requests_total", {{"target", row.read}}) == 1);
  }
}

TEST_CASE("the page tells of the process") {
  Metrics metrics(1, sluice::test::fake_unix_ms);
  const Exposition page(metrics.page());
  CHECK(page.value("process_resident_memory_bytes") > 256 * 1024);
  CHECK(page.value("process_cpu_seconds_total") > 0);
  CHECK(page.value("process_start_time_seconds") <= static_cast<double>(now_s + 1));
  CHECK(page.value("process_start_time_seconds") > static_cast<double>(now_s - 3600));
  const double fds = page.value("process_open_fds");
  std::ifstream one_more("/dev/null");
  CHECK(Exposition(metrics.page()).value("process_open_fds") == fds + 1);
}

TEST_CASE("the page tells of a configuration that was refused, and when the one in force was read") {
  constexpr const char* successful = "sluice_config_last_reload_successful";
  constexpr const char* success_s = "sluice_config_last_reload_success_timestamp_seconds";
  Metrics metrics(1, sluice::test::fake_unix_ms);
  const Exposition started(metrics.page());
  CHECK(started.value(successful) == 1);
  CHECK(started.value(success_s) == static_cast<double>(now_s));
  metrics.note_failed_reload();
  const Exposition refused(metrics.page());
  CHECK(refused.value(successful) == 0);
  CHECK(refused.value(success_s) == started.value(success_s));
  metrics.note_reload(now_s + 7);
  const Exposition read_again(metrics.page());
  CHECK(read_again.value(successful) == 1);
  CHECK(read_again.value(success_s) == static_cast<double>(now_s + 7));
}

TEST_CASE("reading the page does not disturb the writer") {
  Metrics metrics(1, sluice::test::fake_unix_ms);
  constexpr int rounds = 2'000;
  std::thread writer([&metrics] {
    WorkerMetrics& worker = metrics.worker(0);
    for (int i = 0; i < rounds; ++i) {
      Series& series = worker.series("messages", "p/" + std::to_string(i % 600));
      series.status(100 + i % 500).add(1);
      series.duration.observe_us(static_cast<uint64_t>(i));
      worker.active_exchanges.set(i);
    }
  });
  const auto requests = [&metrics] {
    double sum = 0;
    const Exposition page(metrics.page());
    for (const auto& sample : page.families.at("sluice_requests_total").samples) sum += sample.value;
    return sum;
  };
  double last = 0;
  for (int i = 0; i < 4; ++i) {
    const double sum = requests();
    CHECK(sum >= last);
    last = sum;
  }
  writer.join();
  CHECK(requests() == rounds);
}

TEST_CASE("docs/metrics.md names exactly the series of the page") {
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  std::ifstream file(root / "docs/metrics.md");
  REQUIRE(file);
  std::map<std::string, std::string> documented;
  const std::regex row("^\\| `([a-z_]+)` \\| (counter|gauge|histogram) \\|.*");
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (std::regex_match(line, match, row)) CHECK(documented.emplace(match[1], match[2]).second);
  }
  std::map<std::string, std::string> real;
  for (const auto& [name, family] : Exposition(Metrics(1, sluice::test::fake_unix_ms).page()).families)
    real[name] = family.type;
  CHECK(documented == real);
}

}  // namespace
}  // namespace sluice::observe
