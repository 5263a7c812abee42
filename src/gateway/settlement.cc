#include "gateway/settlement.h"

#include <algorithm>
#include <array>

#include "api/credential.h"
#include "api/target_error.h"
#include "base/text.h"
#include "gateway/context.h"
#include "gateway/quoted_secrets.h"
#include "gateway/relay.h"

namespace sluice::gateway {
namespace {

using observe::TokenKind;

uint64_t us_between(uint64_t from_ns, uint64_t to_ns) { return to_ns > from_ns ? (to_ns - from_ns) / 1000 : 0; }

// The time that sluice added: from the request's end (or the end of the last wait) until it was sent, and from the
// answer's arrival until it was relayed.
uint64_t overhead_us(const Account& account, const Relay* relay) {
  const AttemptRecord& last = account.attempts.last();
  const uint64_t until_sent = account.our_turn_ns == 0 ? 0 : us_between(account.our_turn_ns, last.ready_ns);
  return until_sent + (relay != nullptr ? us_between(last.answer_ns, relay->relayed_ns()) : 0);
}

// What was dropped from the request and from the answer.
std::string all_dropped(std::string_view of_request, const Relay* relay) {
  std::string all = relay != nullptr ? relay->untold() : std::string();
  if (!all.empty() && !of_request.empty()) all += ", ";
  return all += of_request;
}

void count_tokens(std::array<observe::Cell, observe::token_kinds>& tokens, const api::Usage& usage) {
  const auto add = [&tokens](TokenKind kind, const std::optional<uint64_t>& count) {
    if (count) tokens[static_cast<size_t>(kind)].add(static_cast<int64_t>(*count));
  };
  add(TokenKind::input, usage.input_uncached);
  add(TokenKind::cache_read, usage.cache_read);
  add(TokenKind::cache_write, usage.cache_write);
  add(TokenKind::output, usage.output);
  add(TokenKind::reasoning, usage.reasoning);
}

void note_key(observe::AccessRecord& record, const config::CallerKey& key, uint32_t secret) {
  record.key = key.name;
  if (secret != 0) record.key_secret = secret + 1;
}

// The first hex digits of the SHA-256 of an unknown key, so that whoever manages the keys can tell which one was sent.
// "": none was sent, or a known one that has expired; then its name is recorded instead.
[[gnu::cold]] std::string unknown_key(const policy::CallerKeys& keys, const http::RequestHead& head,
                                      observe::AccessRecord& record) {
  std::string decoded;
  const std::string_view key = api::find_credential(head.fields, head.query(), decoded);
  if (key.empty()) return {};
  if (const policy::KnownSecret* const known = keys.find(key); known != nullptr) {
    note_key(record, *known->key, known->number);
    return {};
  }
  const policy::Digest digest = policy::sha256(key);
  return hex(std::span(digest).first(2));
}

// Describes the attempts before the last.
std::string tell_failed(const AttemptRecords& attempts) {
  constexpr size_t max_failed_text = 1024;
  std::string text;
  attempts.for_each_earlier([&text](const AttemptRecord& one) {
    if (one.reason.empty() && one.code == ErrorCode::internal) return;  // we gave it up for a reason of ours
    std::string told = one.target->label();
    told.append(" ").append(one.lost ? "outrun" : name_of(one.code)).append(" ").append(std::to_string(one.status));
    told.append(" ").append(std::to_string(us_between(one.ready_ns, one.ended_ns) / 1000)).append("ms ");
    if (one.key != 0) told.append("key ").append(std::to_string(one.key)).append(": ");
    told.append(one.reason);
    text = text.empty() ? std::move(told) : std::move(told) + "; " + text;
  });
  text.resize(cut_at(text, max_failed_text));
  return text;
}

// Writes the access record. `target`: the target's label. `usage`: of all attempts.
void record(Context& context, const Closing& ending, const api::Usage& usage, std::string_view target,
            uint64_t now_ns) {
  const auto& [account, head, responder, relay] = ending;
  const std::string peer = caller_address(context, head, responder.peer());
  observe::AccessRecord record;
  const uint64_t duration_us = us_between(responder.received_ns(), now_ns);
  record.time_ms = context.loop.clock().unix_ms() - static_cast<int64_t>(duration_us / 1000);
  record.request_id = account.request_id;
  record.peer = peer;
  if (account.key != nullptr) note_key(record, *account.key, account.key_secret);
  record.method = http::name_of(head.method);
  record.path = head.path();
  if (account.endpoint != nullptr) {
    record.route = account.endpoint->name;
    record.dialect = name_of(account.endpoint->dialect);
  }
  record.model = account.model;
  record.target = target;
  const std::string dropped = all_dropped(account.dropped, relay);
  record.dropped = dropped;
  record.target_request_id = account.attempts.last().request_id;
  record.status = account.status;
  record.outcome = "ok";
  std::string key_sha256;
  if (account.failure) {
    record.outcome = name_of(account.failure->code);
    record.reason = account.failure->reason;
    record.target_code = account.failure->target_code;
    if (account.failure->code == ErrorCode::unauthorized) {
      record.key_sha256 = key_sha256 = unknown_key(context.keys, head, record);
    }
  }
  record.rescued = account.rescued;
  record.resumed = account.resumed;
  const std::string failed_attempts = tell_failed(account.attempts);
  record.failed_attempts = failed_attempts;
  record.stream = account.stream;
  record.attempts = account.attempts.sent();
  record.target_key = account.attempts.last().key;
  record.target_status = account.attempts.last().status;
  record.duration_us = duration_us;
  record.overhead_us = overhead_us(account, relay);
  if (relay != nullptr && relay->first_byte_ns() != 0) {
    record.first_byte_us = us_between(responder.received_ns(), relay->first_byte_ns());
  }
  record.bytes_in = responder.bytes_in();
  record.bytes_out = responder.bytes_out();
  if (const api::AnswerTap* const tap = relay != nullptr ? relay->tap() : nullptr; tap != nullptr) {
    record.answered_model = tap->model();
    record.input_tokens = usage.input_uncached;
    record.cache_read_tokens = usage.cache_read;
    record.cache_write_tokens = usage.cache_write;
    record.output_tokens = usage.output;
    record.reasoning_tokens = usage.reasoning;
  }
  context.access_log->add(record);
}

// Masks the caller's key: a provider that rejects it may quote it.
void hide_callers_key(std::string& text, const http::RequestHead& head) {
  std::string decoded;
  const std::string_view key = api::find_credential(head.fields, head.query(), decoded);
  constexpr size_t least_bytes = 8;
  if (key.size() < least_bytes) return;
  for (size_t at = 0; (at = text.find(key, at)) != text.npos;) text.replace(at, key.size(), "***");
}

constexpr size_t max_reason_bytes = 256, max_code_bytes = 64;

// The target reported a failure: its words become the outcome, even if the caller left because of it.
[[gnu::cold]] void take_target_words(const Context& context, const Closing& ending) {
  Account& account = ending.account;
  const int status = account.attempts.last().status;
  api::TargetWords words = api::target_words(ending.relay->error_text());
  const ErrorCode code = outcome_of(status, words.code, words.message);
  const bool noted = account.failure && account.failure->code != ErrorCode::caller_gone;
  if (noted && account.failure->code != code) return;
  for (std::string* const text : {&words.message, &words.code}) {
    hide_callers_key(*text, ending.head);
    *text = QuotedSecrets(*account.target->provider).masked(*text);
  }
  if (!noted) account.failure = std::make_unique<Failure>();
  Failure& failure = *account.failure;
  failure.code = code;
  if (!noted) failure.reason = context.log.cut_masked(words.message, max_reason_bytes);
  failure.target_code = context.log.cut_masked(words.code, max_code_bytes);
  if (failure.reason.empty()) failure.reason = "answered with status " + std::to_string(status);
}

// Whether the failure is something that the operator can fix. A request that the target rejects is the caller's
// concern, and so is a key that the caller supplied.
bool is_for_alerts(ErrorCode code, const config::Provider* provider) {
  switch (code) {
    case ErrorCode::draining:
    case ErrorCode::target_rejected:
      return false;
    case ErrorCode::target_unauthorized:
    case ErrorCode::target_quota:
    case ErrorCode::target_rate_limited:
      return provider != nullptr && !provider->caller_key && !provider->api_key.empty();
    default:
      return fault_of(code) != Fault::caller;
  }
}

[[gnu::cold]] void note_failure(Context& context, observe::Series& series, const Account& account,
                                std::string_view target, uint64_t now_ns) {
  const ErrorCode code = account.failure->code;
  const bool by_target = fault_of(code) == Fault::target;
  if (by_target && account.resumed) return;  // the exchange that began the stream has reported it
  if (by_target) {
    series.failure(code).add(1);
  } else if (code != ErrorCode::caller_gone) {
    context.metrics.refusals[static_cast<size_t>(code)].add(1);
  }
  const config::Provider* const provider = account.target != nullptr ? account.target->provider : nullptr;
  if (context.failures == nullptr || !is_for_alerts(code, provider)) return;
  context.failures->add(
      {by_target ? target : alerts::own_subject, name_of(code), account.failure->reason, now_ns / 1'000'000});
}

// The first request for a pair of route and target without a series. Callers can invent model names, so a name that
// only a caller has used counts as the provider's "other" until it succeeds.
[[gnu::cold]] observe::Series& new_series(Context& context, std::string_view route, const routing::Target* target,
                                          bool failed, std::string_view label) {
  if (target == nullptr || target->model.empty() || target->entry != nullptr) {
    return context.metrics.series(route, label);
  }
  const std::vector<std::string>& models = target->provider->models;
  const bool listed = std::find(models.begin(), models.end(), target->model) != models.end();
  if (listed || !failed) return context.metrics.series(route, label, listed);
  return context.metrics.series(route, target->provider->name + "/other");
}

void count_key(Context& context, const Account& account, const api::Usage& usage) {
  observe::KeySeries& series = context.metrics.key(account.key->name);
  using observe::KeyResult;
  KeyResult result = KeyResult::ok;
  if (account.failure) {
    result = fault_of(account.failure->code) != Fault::caller ? KeyResult::failed : KeyResult::refused;
  }
  series.requests[static_cast<size_t>(result)].add(1);
  count_tokens(series.tokens, usage);
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

ErrorCode outcome_of(int status, std::string_view code, std::string_view message) {
  if (is_unpaid(status, code, message)) return ErrorCode::target_quota;
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::target_unauthorized;
    case 402:
      return ErrorCode::target_quota;
    case 429:
      return ErrorCode::target_rate_limited;
    default:
      return status >= 400 && status < 500 ? ErrorCode::target_rejected : ErrorCode::target_error;
  }
}

void note_failed_attempt(Context& context, const Account& account, uint64_t now_ns) {
  const AttemptRecord& attempt = account.attempts.last();
  if (fault_of(attempt.code) != Fault::target) return;
  const std::string label = attempt.target->label();
  const std::string_view route = account.endpoint->name;
  observe::Series* const found = context.metrics.find(route, label);
  (found != nullptr ? *found : new_series(context, route, attempt.target, true, label)).failure(attempt.code).add(1);
  if (context.failures == nullptr || !is_for_alerts(attempt.code, attempt.target->provider)) return;
  context.failures->add({label, name_of(attempt.code), attempt.reason, now_ns / 1'000'000});
}

void settle(Context& context, const Closing& ending, uint64_t now_ns) {
  const Account& account = ending.account;
  const http::Responder& responder = ending.responder;
  const Relay* const relay = ending.relay;
  const api::AnswerTap* const tap = relay != nullptr ? relay->tap() : nullptr;
  if (relay != nullptr && relay->failed()) take_target_words(context, ending);
  std::string& label = context.lines;
  label.clear();
  if (account.target != nullptr) account.target->append_label(label);
  observe::WorkerMetrics& metrics = context.metrics;
  const std::string_view route = account.endpoint != nullptr ? account.endpoint->name : std::string_view("unknown");
  observe::Series* const found = metrics.find(route, label);
  observe::Series& series =
      found != nullptr ? *found : new_series(context, route, account.target, account.failure != nullptr, label);
  series.status(account.status).add(1);
  series.duration.observe_us(us_between(responder.received_ns(), now_ns));
  if (relay != nullptr && relay->first_byte_ns() != 0) {
    series.first_byte.observe_us(us_between(responder.received_ns(), relay->first_byte_ns()));
  }
  if (!account.attempts.empty()) series.overhead.observe_us(overhead_us(account, relay));
  api::Usage usage = account.earlier;
  if (tap != nullptr) usage.add(tap->usage());
  count_tokens(series.tokens, usage);
  metrics.caller_bytes_in.add(static_cast<int64_t>(responder.bytes_in()));
  metrics.caller_bytes_out.add(static_cast<int64_t>(responder.bytes_out()));
  metrics.target_bytes_in.add(static_cast<int64_t>(account.attempts.bytes_in()));
  metrics.target_bytes_out.add(static_cast<int64_t>(account.attempts.bytes_out()));
  if (account.failure) note_failure(context, series, account, label, now_ns);
  if (account.key != nullptr && context.config.metrics_by_key) count_key(context, account, usage);
  if (context.access_log != nullptr) record(context, ending, usage, label, now_ns);
}

void settle_refused_page(Context& context, const http::RequestHead& head, const http::Responder& responder,
                         const Error& error, std::string request_id) {
  context.metrics.refusals[static_cast<size_t>(error.code)].add(1);
  if (context.access_log == nullptr) return;
  Account account;
  account.request_id = std::move(request_id);
  account.note(error);
  account.status = http_status(error.code);
  if (error.code == ErrorCode::forbidden) {
    if (const Result<Admitted> admitted = admit(context.keys, head); admitted) account.note(*admitted);
  }
  record(context, {account, head, responder}, {}, {}, context.loop.now_ns());
}

}  // namespace sluice::gateway
