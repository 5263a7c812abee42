// The page of /metrics, in the Prometheus text exposition format 0.0.4. Each family has one HELP line, one TYPE line
// and its samples, and is listed even without samples, so that the page shows everything that exists. A test compares
// it with docs/metrics.md.
#include <charconv>
#include <map>
#include <utility>

#include "base/json_writer.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "observe/metrics_state.h"
#include "observe/process_stats.h"

namespace sluice::observe {
namespace {

constexpr std::array<std::string_view, token_kinds> token_kind_names = {"input", "cache_read", "cache_write", "output",
                                                                        "reasoning"};

struct HistogramSum {
  std::vector<uint64_t> bounds_us;
  std::vector<int64_t> counts;  // one more than bounds
  int64_t sum_us = 0;
  int64_t total = 0;

  void add(const Histogram& histogram) {
    if (counts.empty()) {
      for (size_t i = 0; i < histogram.size(); ++i) bounds_us.push_back(histogram.bound_us(i));
      counts.resize(histogram.size() + 1);
    }
    for (size_t i = 0; i <= histogram.size(); ++i) {
      const int64_t count = histogram.count(i);
      counts[i] += count;
      total += count;
    }
    sum_us += histogram.sum_us();
  }
};

// One (route, target) pair of all workers together.
struct SeriesSum {
  std::string labels;         // of the pair, as append_label makes them
  std::string gen_ai_labels;  // the same in OpenTelemetry's names
  std::map<int, int64_t> by_status;
  std::map<int, int64_t> by_failure;
  HistogramSum duration, first_byte, overhead;
  std::array<int64_t, token_kinds> tokens{};

  void add(const Series& series) {
    series.by_failure.for_each([this](int code, int64_t count) { by_failure[code] += count; });
    series.by_status.for_each([this](int status, int64_t count) { by_status[status] += count; });
    duration.add(series.duration);
    first_byte.add(series.first_byte);
    overhead.add(series.overhead);
    for (size_t i = 0; i < token_kinds; ++i) tokens[i] += series.tokens[i].get();
  }
};

using AllSeries = std::map<std::pair<std::string, std::string>, SeriesSum>;

class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    add("# HELP ", name, " ", help, "\n");
    add("# TYPE ", name, " ", type, "\n");
  }

  // One sample of the family. `labels` as append_label makes them, without braces; may be empty.
  void sample(std::string_view labels, int64_t value) {
    begin(labels, {});
    number(value);
    text_ += '\n';
  }
  void sample_us_as_s(std::string_view labels, int64_t us) {
    begin(labels, {});
    seconds(us);
    text_ += '\n';
  }
  void gauge(std::string_view name, std::string_view help, int64_t value) { single(name, "gauge", help, value); }
  void counter(std::string_view name, std::string_view help, int64_t value) { single(name, "counter", help, value); }

  void histogram(std::string_view labels, const HistogramSum& sum) {
    if (sum.total == 0) return;
    std::string bucket(name_);
    bucket += "_bucket{";
    bucket += labels;
    bucket += ",le=\"";
    int64_t running = 0;
    for (size_t i = 0; i < sum.counts.size(); ++i) {
      running += sum.counts[i];
      text_ += bucket;
      if (i < sum.bounds_us.size())
        seconds(static_cast<int64_t>(sum.bounds_us[i]));
      else
        text_ += "+Inf";
      text_ += "\"} ";
      number(running);
      text_ += '\n';
    }
    begin(labels, "_sum");
    seconds(sum.sum_us);
    text_ += '\n';
    begin(labels, "_count");
    number(sum.total);
    text_ += '\n';
  }

  std::string take() { return std::move(text_); }

 private:
  template <typename... Parts>
  void add(Parts... parts) {
    (text_.append(parts), ...);
  }
  void single(std::string_view name, std::string_view type, std::string_view help, int64_t value) {
    family(name, type, help);
    sample({}, value);
  }
  void begin(std::string_view labels, std::string_view suffix) {
    if (labels.empty())
      add(name_, suffix, " ");
    else
      add(name_, suffix, "{", labels, "} ");
  }
  void number(int64_t value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    text_.append(digits, end);
  }
  // Microseconds as a decimal number of seconds without trailing zeros: exact, as a double would not be.
  void seconds(int64_t us) {
    number(us / 1'000'000);
    int64_t rest = us % 1'000'000;
    if (rest == 0) return;
    char digits[] = ".000000";
    size_t size = sizeof digits - 1;
    for (size_t i = size - 1; i > 0; --i, rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
    while (digits[size - 1] == '0') --size;
    text_.append(digits, size);
  }

  std::string text_;
  std::string_view name_;  // a literal
};

// `name="value"`, escaped as the format says: backslash, quote and line feed. Bytes that are not UTF-8 would make the
// whole page unreadable to Prometheus and become U+FFFD.
void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out += name;
  out += "=\"";
  while (!value.empty()) {
    const size_t size = utf8_sequence_bytes(value);
    const char c = value[0];
    if (size == 0)
      out += "\xef\xbf\xbd";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else
      out.append(value, 0, size);
    value.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

std::string label(std::string_view name, std::string_view value) {
  std::string text;
  append_label(text, name, value);
  return text;
}

// `target`: "provider/model", "provider" alone, "other" or "".
void append_gen_ai_labels(std::string& out, std::string_view route, std::string_view operation,
                          std::string_view target) {
  const size_t slash = target.find('/');
  append_label(out, "route", route);
  append_label(out, "gen_ai_operation_name", operation);
  append_label(out, "gen_ai_provider_name", target.substr(0, slash));
  append_label(out, "gen_ai_request_model",
               slash == std::string_view::npos ? std::string_view() : target.substr(slash + 1));
}

void add_requests(Page& page, const AllSeries& all) {
  page.family("sluice_requests_total", "counter",
              "Requests answered, by the status the caller got (499: it left before).");
  for (const auto& [key, sum] : all) {
    for (const auto& [status, count] : sum.by_status) {
      std::string labels = sum.labels;
      append_label(labels, "status", std::to_string(status));
      page.sample(labels, count);
    }
  }
  page.family("gen_ai_server_request_duration_seconds", "histogram",
              "From a request's first byte to the end of its answer.");
  for (const auto& [key, sum] : all) page.histogram(sum.gen_ai_labels, sum.duration);
  page.family("gen_ai_server_time_to_first_token_seconds", "histogram",
              "From a request's first byte to the first byte of its answer's body.");
  for (const auto& [key, sum] : all) page.histogram(sum.gen_ai_labels, sum.first_byte);
  page.family("sluice_gateway_overhead_seconds", "histogram",
              "The part of a request's duration that sluice itself took, not its target or its caller.");
  for (const auto& [key, sum] : all) page.histogram(sum.labels, sum.overhead);
  page.family("sluice_tokens_total", "counter", "Tokens that targets reported, by kind.");
  for (const auto& [key, sum] : all) {
    for (size_t i = 0; i < token_kinds; ++i) {
      if (sum.tokens[i] == 0) continue;
      std::string labels = sum.labels;
      append_label(labels, "kind", token_kind_names[i]);
      page.sample(labels, sum.tokens[i]);
    }
  }
}

// sluice_failures_total: failures of targets; sluice_refusals_total: requests that sluice itself refused or failed.
void add_failures(Page& page, const AllSeries& all, const std::vector<std::unique_ptr<WorkerMetrics>>& workers) {
  std::map<std::pair<std::string_view, int>, int64_t> failures;
  for (const auto& [key, sum] : all) {
    for (const auto& [code, count] : sum.by_failure) failures[{key.second, code}] += count;
  }
  page.family("sluice_failures_total", "counter",
              "Requests that their target failed, by how: what it answered, or that it did not, or not to the end.");
  for (const auto& [key, count] : failures) {
    std::string labels = label("target", key.first);
    append_label(labels, "code", name_of(static_cast<ErrorCode>(key.second - Series::first_failure)));
    page.sample(labels, count);
  }
  page.family("sluice_refusals_total", "counter", "Requests that sluice itself refused or failed, by why.");
  for (size_t code = 0; code < error_codes; ++code) {
    int64_t sum = 0;
    for (const auto& worker : workers) sum += worker->refusals[code].get();
    if (sum == 0 && static_cast<ErrorCode>(code) != ErrorCode::overloaded) continue;
    page.sample(label("code", name_of(static_cast<ErrorCode>(code))), sum);
  }
}

using AllKeys =
    std::map<std::string, std::pair<std::array<int64_t, key_result_names.size()>, std::array<int64_t, token_kinds>>>;

void add_keys(Page& page, const AllKeys& keys) {
  page.family("sluice_key_requests_total", "counter",
              "Requests by caller's key and how they ended, where metrics.by_key is set.");
  for (const auto& [name, sums] : keys) {
    for (size_t i = 0; i < sums.first.size(); ++i) {
      std::string labels = label("key", name);
      append_label(labels, "result", key_result_names[i]);
      page.sample(labels, sums.first[i]);
    }
  }
  page.family("sluice_key_tokens_total", "counter",
              "Tokens that targets reported, by caller's key and kind, where metrics.by_key is set.");
  for (const auto& [name, sums] : keys) {
    for (size_t i = 0; i < token_kinds; ++i) {
      if (sums.second[i] == 0) continue;
      std::string labels = label("key", name);
      append_label(labels, "kind", token_kind_names[i]);
      page.sample(labels, sums.second[i]);
    }
  }
}

void add_losses(Page& page, int64_t records_not_queued, const Log* log) {
  const Log::Losses losses = log != nullptr ? log->losses() : Log::Losses{};
  page.family("sluice_records_lost_total", "counter",
              "Access records lost: the log's queue was full, or its destination accepted nothing.");
  page.sample("reason=\"queue\"", records_not_queued);
  page.sample("reason=\"write\"", static_cast<int64_t>(losses.records));
  page.family("sluice_log_lines_lost_total", "counter", "Log lines lost, for the same reasons.");
  page.sample("reason=\"queue\"", log != nullptr ? static_cast<int64_t>(log->dropped_total()) : 0);
  page.sample("reason=\"write\"", static_cast<int64_t>(losses.lines));
}

void add_certificates(Page& page, const std::vector<Metrics::Certificate>& certificates) {
  page.family("sluice_certificate_expires_seconds", "gauge",
              "When a certificate that the configuration names expires, in Unix time.");
  for (const Metrics::Certificate& certificate : certificates) {
    std::string labels = label("what", certificate.what);
    append_label(labels, "provider", certificate.name);
    page.sample(labels, certificate.expires_unix_s);
  }
}

void add_model_lists(Page& page, const std::vector<Metrics::ModelList>& lists) {
  const auto family = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
    page.family(name, type, help);
    for (const Metrics::ModelList& list : lists) {
      page.sample(label("provider", list.provider), static_cast<int64_t>(value(list)));
    }
  };
  using List = Metrics::ModelList;
  family("sluice_model_list_models", "gauge", "Models in a provider's list.",
         [](const List& list) { return list.models; });
  family("sluice_model_list_timestamp_seconds", "gauge", "When a provider sent its list last, in Unix time; 0: never.",
         [](const List& list) { return list.told_unix_s; });
  family("sluice_model_list_up_to_date", "gauge",
         "Whether a provider sent its list when it was asked last: 1, or 0 while an older list is kept.",
         [](const List& list) { return list.up_to_date ? 1 : 0; });
  family("sluice_model_list_failures_total", "counter", "Times that a provider was asked for its list and sent none.",
         [](const List& list) { return list.failures; });
}

void add_credentials(Page& page, const std::vector<Metrics::CredentialState>& credentials) {
  page.family(
      "sluice_credential_benched", "gauge",
      "Of a provider's several credentials, by place: 1 while it is not used because rejected or unpaid, else 0.");
  for (const Metrics::CredentialState& one : credentials) {
    page.sample(label("provider", one.provider) + "," + label("key", std::to_string(one.key)), one.benched ? 1 : 0);
  }
}

void add_targets(Page& page, const std::vector<Metrics::TargetState>& targets) {
  using State = Metrics::TargetState;
  page.family("sluice_target_state", "gauge",
              "Always 1; the label says whether a target may be asked, and if not, why.");
  for (const State& target : targets) {
    std::string labels = label("target", target.target);
    append_label(labels, "state", target.state);
    page.sample(labels, 1);
  }
  const auto family = [&](std::string_view name, std::string_view type, std::string_view help, auto value) {
    page.family(name, type, help);
    for (const State& target : targets) {
      page.sample(label("target", target.target), static_cast<int64_t>(value(target)));
    }
  };
  family("sluice_target_in_flight", "gauge", "Attempts at a target that are under way now.",
         [](const State& target) { return target.in_flight; });
  family("sluice_target_attempts_total", "counter", "Attempts that were made at a target.",
         [](const State& target) { return target.attempts; });
  family("sluice_target_attempts_failed_total", "counter", "Of these, the ones that its breaker counts as failed.",
         [](const State& target) { return target.failed; });
  family("sluice_target_repeats_refused_total", "counter",
         "Times that a target was not asked again because its retry budget was spent.",
         [](const State& target) { return target.repeats_refused; });
  family("sluice_target_probes_total", "counter", "Times that its provider was asked whether it is back.",
         [](const State& target) { return target.probes; });
  family("sluice_target_probes_missed_total", "counter", "Of these, the ones that were not answered, or with a 5xx.",
         [](const State& target) { return target.probes_missed; });
  page.family("sluice_target_first_output_seconds", "gauge",
              "How long a target takes to its first output: recently, and in the slowest cases.");
  for (const State& target : targets) {
    if (target.first_output_us == 0) continue;
    page.sample_us_as_s(label("target", target.target), static_cast<int64_t>(target.first_output_us));
  }
}

// The sum of one cell over the workers.
class Sums {
 public:
  explicit Sums(const std::vector<std::unique_ptr<WorkerMetrics>>& workers) : workers_(workers) {}
  int64_t operator()(Cell WorkerMetrics::*cell) const {
    int64_t sum = 0;
    for (const auto& worker : workers_) sum += ((*worker).*cell).get();
    return sum;
  }

 private:
  const std::vector<std::unique_ptr<WorkerMetrics>>& workers_;
};

void add_gauges(Page& page, const Sums& sum) {
  using W = WorkerMetrics;
  page.gauge("sluice_active_exchanges", "Requests being answered now.", sum(&W::active_exchanges));
  page.gauge("sluice_active_streams", "Of these, answers that are being streamed.", sum(&W::active_streams));
  page.gauge("sluice_caller_connections", "Connections of callers that are open now.", sum(&W::caller_connections));
  page.counter("sluice_caller_connections_accepted_total", "Connections of callers accepted so far.",
               sum(&W::caller_connections_total));
  page.family("sluice_caller_bytes_total", "counter", "Bytes read from callers (in) and written to them (out).");
  page.sample("direction=\"in\"", sum(&W::caller_bytes_in));
  page.sample("direction=\"out\"", sum(&W::caller_bytes_out));
  page.family("sluice_target_bytes_total", "counter", "Bytes read from targets (in) and written to them (out).");
  page.sample("direction=\"in\"", sum(&W::target_bytes_in));
  page.sample("direction=\"out\"", sum(&W::target_bytes_out));
  page.family("sluice_pool_connections", "gauge",
              "Connections to targets: all that are open, and of these the idle ones.");
  page.sample("state=\"open\"", sum(&W::pool_open));
  page.sample("state=\"idle\"", sum(&W::pool_idle));
  page.counter("sluice_pool_reused_total", "Attempts that found an idle connection.", sum(&W::pool_reused_total));
  page.counter("sluice_pool_dialed_total", "Connections to targets that were begun.", sum(&W::pool_dialed_total));
  page.gauge("sluice_pool_waiting", "Attempts that wait for a connection now.", sum(&W::pool_waiting));
  page.gauge("sluice_buffered_bytes", "Memory that bodies, and what is kept of answers, take now.",
             sum(&W::buffered_bytes));
  page.counter("sluice_hedges_total", "Second attempts started because the first was late.", sum(&W::hedges_total));
  page.counter("sluice_hedges_won_total", "Of these, the ones whose answer the caller got.", sum(&W::hedges_won_total));
  page.gauge("sluice_kept_streams", "Streams that are kept for callers who may resume them.", sum(&W::kept_streams));
  page.gauge("sluice_kept_stream_bytes", "Memory that they take now.", sum(&W::kept_stream_bytes));
  page.counter("sluice_accept_paused_total",
               "Times that accepting was paused: at the connection limit or out of descriptors.",
               sum(&W::accept_paused_total));
  page.counter("sluice_malformed_requests_total",
               "Requests refused before they became one: malformed, too large, too slow.",
               sum(&W::malformed_requests_total));
}

void add_limits(Page& page, const std::vector<std::unique_ptr<WorkerMetrics>>& workers) {
  const auto samples = [&](auto cells) {
    size_t at = 0;
    for (const std::string_view subject : limit_subject_names) {
      for (const std::string_view kind : limit_kind_names) {
        int64_t sum = 0;
        for (const auto& worker : workers) sum += ((*worker).*cells)[at].get();
        ++at;
        std::string labels = label("subject", subject);
        append_label(labels, "limit", kind);
        page.sample(labels, sum);
      }
    }
  };
  page.family("sluice_limit_refused_total", "counter", "Requests refused by a rate limit (429).");
  samples(&WorkerMetrics::limit_refused);
  page.family("sluice_limit_waited_total", "counter", "Requests that had to wait for a rate limit.");
  samples(&WorkerMetrics::limit_waited);
  page.gauge("sluice_limit_waiting", "Requests that wait for a rate limit now.",
             Sums(workers)(&WorkerMetrics::limit_waiting));
}

void add_resumes(Page& page, const std::vector<std::unique_ptr<WorkerMetrics>>& workers) {
  page.family("sluice_resumes_total", "counter", "Requests to resume a stream whose connection broke.");
  for (size_t at = 0; at < resume_outcome_names.size(); ++at) {
    int64_t sum = 0;
    for (const auto& worker : workers) sum += worker->resumes[at].get();
    page.sample(label("outcome", resume_outcome_names[at]), sum);
  }
}

void add_alerts(Page& page, const Sums& sum) {
  page.family("sluice_alerts_total", "counter", "Alerts: that something keeps failing, and that it has recovered.");
  page.sample("event=\"failing\"", sum(&WorkerMetrics::alerts_failing_total));
  page.sample("event=\"recovered\"", sum(&WorkerMetrics::alerts_recovered_total));
  page.counter("sluice_alerts_failed_total", "Notices of alerts that did not reach Sentry or the webhook.",
               sum(&WorkerMetrics::alerts_failed_total));
}

void add_config(Page& page, bool successful, int64_t success_s) {
  page.gauge("sluice_config_last_reload_successful",
             "Whether the configuration was fine when it was read last: 1, or 0 while an older one stays in force.",
             successful ? 1 : 0);
  page.gauge("sluice_config_last_reload_success_timestamp_seconds",
             "When the configuration in force was read, in Unix time.", success_s);
}

void add_process(Page& page, int64_t process_start_ms) {
  const ProcessStats stats = process_stats();
  page.family("sluice_build_info", "gauge", "Always 1; the label names the version that runs.");
  std::string version;
  append_label(version, "version", SLUICE_VERSION);
  page.sample(version, 1);
  page.gauge("process_resident_memory_bytes", "Resident memory size.", static_cast<int64_t>(stats.resident_bytes));
  page.gauge("process_open_fds", "Open file descriptors.", static_cast<int64_t>(stats.open_fds));
  page.family("process_start_time_seconds", "gauge", "When the process began, in Unix time.");
  page.sample_us_as_s({}, process_start_ms * 1000);
  page.family("process_cpu_seconds_total", "counter", "User and system time of all threads.");
  page.sample_us_as_s({}, static_cast<int64_t>(stats.cpu_us));
}

}  // namespace

std::string Metrics::page() const {
  AllSeries all;
  AllKeys keys;
  for (const auto& worker : state_->workers) {
    WorkerMetrics::State& state = *worker->state_;
    const std::lock_guard lock(state.mutex);
    for (const auto& entry : state.entries) all[{entry->route, entry->target}].add(entry->series);
    for (const auto& entry : state.key_entries) {
      auto& [requests, tokens] = keys[entry->name];
      for (size_t i = 0; i < requests.size(); ++i) requests[i] += entry->series.requests[i].get();
      for (size_t i = 0; i < tokens.size(); ++i) tokens[i] += entry->series.tokens[i].get();
    }
  }
  for (auto& [key, sum] : all) {
    append_label(sum.labels, "route", key.first);
    append_label(sum.labels, "target", key.second);
    const auto operation = state_->operation_of != nullptr ? state_->operation_of(key.first) : key.first;
    append_gen_ai_labels(sum.gen_ai_labels, key.first, operation, key.second);
  }
  Page page;
  add_requests(page, all);
  add_failures(page, all, state_->workers);
  add_keys(page, keys);
  add_gauges(page, Sums(state_->workers));
  add_losses(page, Sums(state_->workers)(&WorkerMetrics::records_lost_total), state_->log);
  {
    const std::lock_guard lock(state_->mutex);
    add_certificates(page, state_->certificates);
    add_model_lists(page, state_->model_lists);
  }
  add_credentials(page, state_->credentials ? state_->credentials() : std::vector<CredentialState>());
  add_targets(page, state_->targets ? state_->targets() : std::vector<TargetState>());
  add_limits(page, state_->workers);
  add_resumes(page, state_->workers);
  add_alerts(page, Sums(state_->workers));
  add_config(page, state_->reload_successful, state_->reload_success_s);
  add_process(page, state_->process_start_ms);
  return page.take();
}

}  // namespace sluice::observe
