#include "bench/report.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

#include "base/json_writer.h"

namespace sluice::bench {
namespace {

constexpr double ns_per_s = 1e9;
constexpr std::array<unsigned, 3> per_milles = {500, 900, 990};

[[gnu::format(printf, 2, 3)]] void append(std::string& out, const char* format, ...) {
  std::array<char, 320> line;
  va_list arguments;
  va_start(arguments, format);
  const int size = std::vsnprintf(line.data(), line.size(), format, arguments);
  va_end(arguments);
  if (size > 0) out.append(line.data(), std::min(static_cast<size_t>(size), line.size() - 1));
}

double rate(uint64_t count, uint64_t elapsed_ns) {
  return elapsed_ns == 0 ? 0 : static_cast<double>(count) * ns_per_s / static_cast<double>(elapsed_ns);
}

std::string decimal(double value, int digits) {
  std::string text;
  append(text, "%.*f", digits, value);
  return text;
}

// Three significant digits, or all digits before the point.
std::string three_digits(double value) { return decimal(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0); }

std::string grouped(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

// "1 request", "2,000 requests"
std::string counted(uint64_t count, const char* what) { return grouped(count) + " " + what + (count == 1 ? "" : "s"); }

std::string rate_text(double per_s) {
  return (per_s < 1000 ? three_digits(per_s) : grouped(static_cast<uint64_t>(per_s))) + "/s";
}

std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 5> units = {"B", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; bytes >= 999.5 && unit + 1 < units.size(); ++unit) bytes /= 1000;
  return (unit == 0 ? std::to_string(static_cast<uint64_t>(bytes)) : three_digits(bytes)) + " " + units[unit];
}

void add_row(std::string& out, const char* name, const std::string& total, const std::string& note) {
  append(out, "%-18s %12s%s%s\n", name, total.c_str(), note.empty() ? "" : "  ", note.c_str());
}

void add_times(std::string& out, const char* name, const LatencyHistogram& times) {
  if (times.count() == 0) return;
  append(out, "%-18s", name);
  for (const unsigned per_mille : per_milles) append(out, " %9s", time_text(times.quantile(per_mille)).c_str());
  append(out, " %9s\n", time_text(times.max()).c_str());
}

void add_failures(std::string& out, const Failures& failures) {
  if (failures.count() == 0) return;
  out += "\nfailures\n";
  for (const Failures::Group& group : failures.groups()) {
    append(out, "%12s  %-18s %s\n", grouped(group.count).c_str(), group.reason.c_str(), group.message.c_str());
  }
}

void write_times(JsonWriter& out, const char* name, const LatencyHistogram& times) {
  if (times.count() == 0) return;
  const auto ms = [](uint64_t us) { return decimal(static_cast<double>(us) / 1000, 3); };
  out.key(name).object().key("p50").raw(ms(times.quantile(per_milles[0])));
  out.key("p90").raw(ms(times.quantile(per_milles[1]))).key("p99").raw(ms(times.quantile(per_milles[2])));
  out.key("max").raw(ms(times.max())).end_object();
}

std::string address_of(const Options& options) {
  return options.target.url_of(options.target.answer_path(options.dialect));
}

}  // namespace

std::string time_text(uint64_t us) {
  if (us < 1000) return std::to_string(us) + " us";
  const double ms = static_cast<double>(us) / 1000;
  return ms < 999.5 ? three_digits(ms) + " ms" : three_digits(ms / 1000) + " s";
}

std::string progress_line(const Tally& tally, uint64_t elapsed_ns) {
  std::string line;
  append(line, "%.0f s  %s requests  %s  %s failed", static_cast<double>(elapsed_ns) / ns_per_s,
         grouped(tally.finished()).c_str(), rate_text(rate(tally.finished(), elapsed_ns)).c_str(),
         grouped(tally.failures.count()).c_str());
  return line;
}

std::string report_text(const Options& options, const Summary& summary) {
  const Tally& tally = *summary.tally;
  const uint64_t ns = summary.elapsed_ns;
  std::string out = "POST " + address_of(options) + "\nmodel " + shown(summary.model, options.key, 120);
  if (summary.models_listed != 0) out += ", chosen of " + grouped(summary.models_listed) + " listed";
  out += options.stream ? ", streams" : ", whole answers";
  out += options.key.empty() ? ", no key" : ", key from $" + options.key_variable;
  append(out, "\n%s in %.2f s, %s, %s made%s\n\n", counted(tally.finished(), "request").c_str(),
         static_cast<double>(ns) / ns_per_s, counted(options.connections, "caller").c_str(),
         counted(summary.connections_made, "connection").c_str(), summary.interrupted ? ", interrupted" : "");
  add_row(out, "answered", grouped(tally.answered), rate_text(rate(tally.answered, ns)));
  add_row(out, "failed", grouped(tally.failures.count()), "");
  if (summary.unfinished != 0) add_row(out, "cut by the end", grouped(summary.unfinished), "");
  add_row(out, "received", bytes_text(static_cast<double>(tally.bytes_in)),
          bytes_text(rate(tally.bytes_in, ns)) + "/s");
  if (tally.with_tokens != 0) {
    std::string note = rate_text(rate(tally.output_tokens, ns));
    if (tally.with_tokens != tally.answered) note += ", as " + grouped(tally.with_tokens) + " answers report";
    add_row(out, "output tokens", grouped(tally.output_tokens), note);
  }
  if (tally.latency_us.count() != 0 || tally.between_frames_us.count() != 0) {
    append(out, "\n%-18s %9s %9s %9s %9s\n", "", "p50", "p90", "p99", "max");
    add_times(out, "latency", tally.latency_us);
    add_times(out, "to the first text", tally.first_text_us);
    add_times(out, "between frames", tally.between_frames_us);
  }
  add_failures(out, tally.failures);
  return out;
}

std::string report_json(const Options& options, const Summary& summary) {
  const Tally& tally = *summary.tally;
  const uint64_t ns = summary.elapsed_ns;
  std::string text;
  JsonWriter out(text);
  out.object().member("url", address_of(options)).member("dialect", name_of(options.dialect));
  out.member("model", shown(summary.model, options.key, summary.model.size() + 3)).member("stream", options.stream);
  out.member("connections", options.connections).member("connections_made", summary.connections_made);
  out.member("interrupted", summary.interrupted);
  out.key("elapsed_s").raw(decimal(static_cast<double>(ns) / ns_per_s, 3));
  out.member("requests", tally.finished()).member("answered", tally.answered);
  out.member("failed", tally.failures.count()).member("unfinished", summary.unfinished);
  out.key("answered_per_s").raw(decimal(rate(tally.answered, ns), 2)).member("bytes_received", tally.bytes_in);
  if (tally.with_tokens != 0) {
    out.member("output_tokens", tally.output_tokens);
    out.key("output_tokens_per_s").raw(decimal(rate(tally.output_tokens, ns), 2));
    out.member("answers_with_tokens", tally.with_tokens);
  }
  write_times(out, "latency_ms", tally.latency_us);
  write_times(out, "first_text_ms", tally.first_text_us);
  write_times(out, "between_frames_ms", tally.between_frames_us);
  out.key("failures").array();
  for (const Failures::Group& group : tally.failures.groups()) {
    out.object().member("reason", group.reason).member("message", group.message).member("count", group.count);
    out.end_object();
  }
  out.end_array().end_object().line_end();
  return text;
}

}  // namespace sluice::bench
