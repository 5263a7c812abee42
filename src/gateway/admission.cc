#include "gateway/admission.h"

#include "api/credential.h"

namespace sluice::gateway {

Result<Admitted> admit(const policy::CallerKeys& keys, const http::RequestHead& head) {
  if (keys.empty()) return Admitted{};
  bool any = false;
  for (size_t i = 0; i < head.fields.size(); ++i) {
    const http::Field field = head.fields[i];
    if (!api::is_credential_field(field.name)) continue;
    std::string_view presented = field.value;
    if (presented.size() > 7 && http::same_name(presented.substr(0, 7), "bearer ")) presented.remove_prefix(7);
    any = true;
    if (const config::CallerKey* key = keys.find(presented); key != nullptr) return Admitted{key, field.name};
  }
  std::string decoded;
  const std::string_view in_query = api::find_credential(http::Fields(), head.query(), decoded);
  if (const config::CallerKey* key = keys.find(in_query); key != nullptr) return Admitted{key, {}};
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

Result<void> may_use(const Admitted& admitted, std::string_view requested, const routing::Target& target) {
  if (admitted.key == nullptr || admitted.key->models.empty()) return {};
  if (policy::may_use(*admitted.key, requested, target.label())) return {};
  return fail(ErrorCode::forbidden,
              "the key '" + admitted.key->name + "' may not use " +
                  (requested.empty() ? "provider '" + target.provider->name + "' without naming a model"
                                     : "model '" + std::string(requested) + "'"));
}

}  // namespace sluice::gateway
