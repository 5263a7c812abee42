#include "gateway/settlement.h"

#include <array>
#include <charconv>
#include <chrono>

namespace sluice::gateway {
namespace {

using observe::TokenKind;

uint64_t us_between(uint64_t from_ns, uint64_t to_ns) { return to_ns > from_ns ? (to_ns - from_ns) / 1000 : 0; }

// Time that was ours: from the whole request to its sending, and from the answer's arrival to its relaying.
uint64_t overhead_us(const Account& account) {
  return us_between(account.request_whole_ns, account.ready_ns) + us_between(account.answer_ns, account.relayed_ns);
}

void count_tokens(observe::Series& series, const api::Usage& usage) {
  const auto add = [&series](TokenKind kind, const std::optional<uint64_t>& count) {
    if (count) series.tokens[static_cast<size_t>(kind)].add(static_cast<int64_t>(*count));
  };
  add(TokenKind::input, usage.input_uncached);
  add(TokenKind::cache_read, usage.cache_read);
  add(TokenKind::cache_write, usage.cache_write);
  add(TokenKind::output, usage.output);
  add(TokenKind::reasoning, usage.reasoning);
}

void record(Context& context, const Account& account, const http::RequestHead& head, const http::Responder& responder,
            const api::AnswerTap* tap, uint64_t now_ns) {
  const std::string peer = caller_address(context, head, responder.peer());
  observe::AccessRecord record;
  const uint64_t duration_us = us_between(responder.received_ns(), now_ns);
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  record.time_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(wall).count() - static_cast<int64_t>(duration_us / 1000);
  record.request_id = account.request_id;
  record.peer = peer;
  if (account.key != nullptr) record.key = account.key->name;
  record.method = http::name_of(head.method);
  record.path = head.path();
  if (account.endpoint != nullptr) {
    record.route = account.endpoint->name;
    record.dialect = name_of(account.endpoint->dialect);
  }
  record.model = account.model;
  record.target = account.target;
  record.target_request_id = account.target_request_id;
  record.status = account.status;
  record.outcome = account.error.empty() ? std::string_view("ok") : name_of(account.error_code);
  record.reason = account.error;
  record.stream = account.stream;
  record.attempts = account.attempts;
  record.target_status = account.target_status;
  record.duration_us = duration_us;
  record.overhead_us = overhead_us(account);
  if (account.first_byte_ns != 0) record.first_byte_us = us_between(responder.received_ns(), account.first_byte_ns);
  record.bytes_in = responder.bytes_in();
  record.bytes_out = responder.bytes_out();
  if (tap != nullptr) {
    record.answered_model = tap->model();
    const api::Usage& usage = tap->usage();
    record.input_tokens = usage.input_uncached;
    record.cache_read_tokens = usage.cache_read;
    record.cache_write_tokens = usage.cache_write;
    record.output_tokens = usage.output;
    record.reasoning_tokens = usage.reasoning;
  }
  context.access_log->add(record);
}

// Whether the target's answer says that it is the target that fails, or that it does not take our key any more.
bool tells_of_failure(const Context& context, const Account& account) {
  if (account.target_status != 401 && account.target_status != 402) return account.target_status >= 500;
  const config::Provider* const provider =
      context.router.provider(std::string_view(account.target).substr(0, account.target.find('/')));
  return provider != nullptr && !provider->caller_key && !provider->api_key.empty();
}

// For alerts: what went wrong through no fault of the caller's.
[[gnu::cold]] void note_failure(const Context& context, const Account& account, uint64_t now_ns) {
  const uint64_t now_ms = now_ns / 1'000'000;
  if (account.error.empty()) {
    std::array<char, 32> reason{"answered with status "};
    std::to_chars(reason.data() + 21, reason.data() + reason.size() - 1, account.target_status);
    return context.failures->add({account.target, "target_status", reason.data(), now_ms});
  }
  const std::string_view subject =
      fault_of(account.error_code) == Fault::target ? std::string_view(account.target) : observe::own_subject;
  context.failures->add({subject, name_of(account.error_code), account.error, now_ms});
}

bool has_failed(const Context& context, const Account& account) {
  if (account.error.empty()) return account.target_status >= 400 && tells_of_failure(context, account);
  return fault_of(account.error_code) != Fault::caller && account.error_code != ErrorCode::draining;
}

}  // namespace

std::string caller_address(const Context& context, const http::RequestHead& head, std::string peer) {
  const auto trusted = [&context](std::string_view address) {
    return address == "unix" || context.trusted_proxies.contains(address);
  };
  bool vouched = trusted(peer);
  for (size_t i = head.fields.size(); vouched && i > 0; --i) {
    const http::Field field = head.fields[i - 1];
    if (!http::same_name(field.name, "x-forwarded-for")) continue;
    std::string_view rest = field.value;
    while (vouched && !rest.empty()) {
      const size_t comma = rest.rfind(',');
      std::string_view hop = comma == rest.npos ? rest : rest.substr(comma + 1);
      rest = comma == rest.npos ? std::string_view() : rest.substr(0, comma);
      while (hop.starts_with(' ')) hop.remove_prefix(1);
      while (hop.ends_with(' ')) hop.remove_suffix(1);
      if (hop.empty()) continue;
      peer.assign(hop);
      vouched = trusted(hop);
    }
  }
  return peer;
}

void settle(Context& context, const Account& account, const http::RequestHead& head, const http::Responder& responder,
            const api::AnswerTap* tap, uint64_t now_ns) {
  observe::WorkerMetrics& metrics = context.metrics;
  const std::string_view route = account.endpoint != nullptr ? account.endpoint->name : std::string_view("unknown");
  observe::Series& series = metrics.series(route, account.target);
  series.status(account.status).add(1);
  series.duration.observe_us(us_between(responder.received_ns(), now_ns));
  if (account.first_byte_ns != 0) {
    series.first_byte.observe_us(us_between(responder.received_ns(), account.first_byte_ns));
  }
  if (account.ready_ns != 0) series.overhead.observe_us(overhead_us(account));
  if (tap != nullptr) count_tokens(series, tap->usage());
  metrics.caller_bytes_in.add(static_cast<int64_t>(responder.bytes_in()));
  metrics.caller_bytes_out.add(static_cast<int64_t>(responder.bytes_out()));
  metrics.target_bytes_in.add(static_cast<int64_t>(account.target_bytes_in));
  metrics.target_bytes_out.add(static_cast<int64_t>(account.target_bytes_out));
  if (context.failures != nullptr && has_failed(context, account)) note_failure(context, account, now_ns);
  if (context.access_log != nullptr) record(context, account, head, responder, tap, now_ns);
}

}  // namespace sluice::gateway
