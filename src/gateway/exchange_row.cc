// What /admin/exchanges says of an exchange.
#include <array>

#include "base/json_writer.h"
#include "gateway/exchange.h"
#include "gateway/settlement.h"

namespace sluice::gateway {
namespace {

constexpr std::array<std::string_view, 5> state_names = {"receiving", "waiting", "trying", "relaying", "done"};

void append_text(std::string& out, std::string_view name, std::string_view value) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
  out += ',';
}

void append_text_or_null(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) return append_text(out, name, value);
  append_json_string(out, name);
  out += ":null,";
}

}  // namespace

void Exchange::describe(std::string& out, uint64_t now_ns) const {
  const uint64_t since = since_ns();
  out += '{';
  append_text(out, "request_id", account_.request_id);
  out += "\"age_ms\":" + std::to_string(now_ns > since ? (now_ns - since) / 1'000'000 : 0) + ',';
  append_text(out, "state", state_names[static_cast<size_t>(state_)]);
  append_text(out, "method", http::name_of(head_.method));
  append_text(out, "path", head_.path());  // without the query, which may hold a key
  append_text_or_null(out, "key", account_.key != nullptr ? std::string_view(account_.key->name) : std::string_view());
  append_text_or_null(out, "model", account_.model);
  append_text_or_null(out, "target", account_.target != nullptr ? account_.target->label() : std::string());
  out += account_.stream ? "\"stream\":true," : "\"stream\":false,";
  out += "\"bytes_in\":" + std::to_string(responder_.bytes_in()) + ',';
  out += "\"bytes_out\":" + std::to_string(responder_.bytes_out()) + ',';
  append_text(out, "peer", caller_address(context_, head_, responder_.peer()));
  out.back() = '}';
}

}  // namespace sluice::gateway
