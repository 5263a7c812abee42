// Exchange: its row on /admin/exchanges.
#include <array>

#include "base/json_writer.h"
#include "gateway/exchange.h"
#include "gateway/settlement.h"

namespace sluice::gateway {
namespace {

std::string_view name_of(Course::State state) {
  constexpr std::array<std::string_view, 6> names = {"receiving", "waiting",  "backing_off",
                                                     "trying",    "relaying", "done"};
  return names[static_cast<size_t>(state)];
}

void write_text_or_null(JsonWriter& out, std::string_view name, std::string_view value) {
  out.key(name);
  value.empty() ? out.value(nullptr) : out.value(value);
}

}  // namespace

void Exchange::describe(std::string& text, uint64_t now_ns) const {
  const uint64_t since = since_ns();
  JsonWriter out(text);
  out.object().member("request_id", account_.request_id);
  out.member("age_ms", now_ns > since ? (now_ns - since) / 1'000'000 : 0);
  const std::string_view state = state_ == State::alone      ? is_kept() ? "caller_may_come_back" : "caller_left"
                                 : state_ == State::resuming ? "resuming"
                                                             : name_of(course_.state());
  out.member("state", state).member("method", http::name_of(head_.method));
  out.member("path", head_.path());  // without the query, which may hold a key
  write_text_or_null(out, "key", account_.key != nullptr ? std::string_view(account_.key->name) : std::string_view());
  write_text_or_null(out, "model", account_.model);
  write_text_or_null(out, "target", account_.target != nullptr ? account_.target->label() : std::string());
  out.member("stream", account_.stream).member("bytes_in", responder_.bytes_in());
  out.member("bytes_out", responder_.bytes_out());
  out.member("peer", caller_address(context_, head_, responder_.peer())).end_object();
}

}  // namespace sluice::gateway
