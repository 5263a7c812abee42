#include "gateway/admission.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "api/credential.h"
#include "base/nearest.h"

namespace sluice::gateway {
namespace {

constexpr size_t names_in_error = 5;

// Names only what the key may use.
[[gnu::cold]] Error not_for(const config::CallerKey& key, std::string_view requested, const routing::Router& router) {
  std::vector<std::string_view> allowed;
  size_t looks = 0;
  for (const auto& [name, provider] : router.known_models()) {
    if (++looks > most_nearest_looks) break;
    if (policy::may_use(key, name, "")) allowed.push_back(name);
  }
  if (allowed.empty()) allowed.assign(key.models.names().begin(), key.models.names().end());
  std::vector<std::string_view> named = nearest(requested, allowed, names_in_error);
  const bool similar = !named.empty();
  if (!similar)
    named.assign(allowed.begin(),
                 allowed.begin() + static_cast<std::ptrdiff_t>(std::min(allowed.size(), names_in_error)));
  std::string text = requested.empty()
                         ? "the key '" + key.name + "' may not be used without naming a model"
                         : "there is no model '" + std::string(requested) + "' that the key '" + key.name + "' may use";
  text += similar ? "; nearest of those that it may: " : "; some that it may: ";
  for (const std::string_view name : named) {
    if (name.data() != named.front().data()) text += ", ";
    text += name;
  }
  return {ErrorCode::forbidden, std::move(text)};
}

}  // namespace

Result<Admitted> admit(const policy::CallerKeys& keys, const http::RequestHead& head) {
  if (keys.empty()) return Admitted{};
  bool any = false;
  for (size_t i = 0; i < head.fields.size(); ++i) {
    const http::Field field = head.fields[i];
    if (!api::is_key_field(field.name)) continue;
    std::string_view presented = field.value;
    if (presented.size() > 7 && http::same_name(presented.substr(0, 7), "bearer ")) presented.remove_prefix(7);
    any = true;
    if (const config::CallerKey* key = keys.find(presented); key != nullptr) return Admitted{key};
  }
  std::string decoded;
  const std::string_view in_query = api::find_credential(http::Fields(), head.query(), decoded);
  if (const config::CallerKey* key = keys.find(in_query); key != nullptr) return Admitted{key};
  if (any || !in_query.empty()) return fail(ErrorCode::unauthorized, "this API key is not known here");
  return fail(ErrorCode::unauthorized,
              "no API key was sent; send one as 'Authorization: Bearer KEY', 'x-api-key', 'x-goog-api-key' or '?key='");
}

Result<void> may_administer(const policy::CallerKeys& keys, const http::RequestHead& head, std::string_view peer) {
  const Result<Admitted> admitted = admit(keys, head);
  if (!admitted) return tl::unexpected<Error>(admitted.error());
  if (admitted->key != nullptr) {
    if (admitted->key->admin) return {};
    return fail(ErrorCode::forbidden,
                "the key '" + admitted->key->name + "' is no admin's; give it \"admin\": true in the configuration");
  }
  const bool is_near = peer == "unix" || peer == "memory" || peer.starts_with("127.") || peer.starts_with("[::1]") ||
                       peer.starts_with("[::ffff:127.");
  const bool passed_on = head.fields.find("x-forwarded-for") || head.fields.find("forwarded");
  if (is_near && !passed_on) return {};
  return fail(ErrorCode::forbidden,
              "while no keys are configured, this page is for this machine only; configure a key with \"admin\": true");
}

Result<void> may_use(const Admitted& admitted, std::string_view requested, const routing::Target& target,
                     const routing::Router& router) {
  if (admitted.key == nullptr || admitted.key->models.empty()) return {};
  if (policy::may_use(*admitted.key, requested, target.label())) return {};
  return tl::unexpected<Error>(not_for(*admitted.key, requested, router));
}

Error error_for(const Admitted& admitted, std::string_view requested, const Error& error,
                const routing::Router& router) {
  const bool tells_names = error.code == ErrorCode::unknown_model || error.code == ErrorCode::untranslatable;
  if (admitted.key == nullptr || !tells_names || policy::may_use(*admitted.key, "", "")) return error;
  return not_for(*admitted.key, requested, router);
}

}  // namespace sluice::gateway
