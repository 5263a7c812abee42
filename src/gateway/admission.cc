#include "gateway/admission.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "api/credential.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/time_text.h"
#include "gateway/origin_fields.h"
#include "gateway/web_gate.h"

namespace sluice::gateway {
namespace {

constexpr size_t names_in_error = 5;
constexpr size_t max_name_bytes = 64;  // of a provider's name

// Names only models that the key may use.
[[gnu::cold]] Error not_for(const config::CallerKey& key, std::string_view requested, const routing::Router& router) {
  std::vector<std::string_view> allowed;
  size_t looks = 0;
  for (const routing::KnownName& known : router.known_models()) {
    if (++looks > max_nearest_looks) break;
    if (policy::may_use(key, known.name, "")) allowed.push_back(known.name);
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

// For an ollama target, "llama3.2" in the key's list also stands for "llama3.2:latest".
[[gnu::cold]] bool allowed_in_other_words(const config::CallerKey& key, const routing::Target& target,
                                          const routing::Router& router) {
  const std::vector<std::string> spellings = router.other_spellings(target);
  return std::any_of(spellings.begin(), spellings.end(), [&key](const auto& one) { return key.models.has(one); });
}

[[gnu::cold]] std::string expired_text(const policy::KnownSecret& secret) {
  return (secret.number == 0 ? "the API key '" : "this old secret of the API key '") + secret.key->name +
         "' expired at " + rfc3339(secret.expires_unix_s());
}

// Used when no keys are configured, so that the caller cannot be identified.
Result<void> is_of_here(const http::RequestHead& head, std::string_view peer, std::string_view what) {
  bool passed_on = false;
  for (size_t i = 0; i < head.fields.size(); ++i) passed_on = passed_on || tells_of_proxy(head.fields[i].name);
  const std::string_view origin = head.fields.find("origin").value_or("");
  const bool own_page = origin.empty() || is_same_origin(origin, head.fields.find("host").value_or(""));
  if (is_of_this_machine(peer) && !passed_on && own_page) return {};
  return fail(ErrorCode::forbidden,
              "while no keys are configured, this is for this machine only, without a proxy or a web page between; "
              "configure a key with \"" +
                  std::string(what) + "\": true");
}

}  // namespace

Result<Admitted> admit(const policy::CallerKeys& keys, const http::RequestHead& head, policy::RecentKeys* recent) {
  if (keys.empty()) return Admitted{};
  bool any = false;
  const policy::KnownSecret* expired = nullptr;
  for (size_t i = 0; i < head.fields.size(); ++i) {
    const http::Field field = head.fields[i];
    if (!api::is_key_field(field.name)) continue;
    const std::string_view presented = api::presented_key(field.value);
    any = true;
    const policy::KnownSecret* const known = recent != nullptr ? recent->find(keys, presented) : keys.find(presented);
    if (known == nullptr) continue;
    if (!keys.has_expired(*known)) return Admitted{known->key, known->number};
    expired = known;
  }
  std::string decoded;
  const std::string_view in_query = api::find_credential(http::Fields(), head.query(), decoded);
  if (const policy::KnownSecret* const known = keys.find(in_query); known != nullptr) {
    if (!keys.has_expired(*known)) return Admitted{known->key, known->number};
    expired = known;
  }
  if (expired != nullptr) return fail(ErrorCode::unauthorized, expired_text(*expired));
  if (any || !in_query.empty()) return fail(ErrorCode::unauthorized, "this API key is not known here");
  return fail(ErrorCode::unauthorized,
              "no API key was sent; send one as 'Authorization: Bearer KEY', 'x-api-key', 'x-goog-api-key' or '?key='");
}

std::string owner_of(const Admitted& admitted, const http::RequestHead& head) {
  if (admitted.key != nullptr) return "key " + admitted.key->name;
  std::string decoded;
  const std::string_view sent = api::find_credential(head.fields, head.query(), decoded);
  return sent.empty() ? std::string() : "sent " + hex(policy::sha256(sent));
}

Result<Admitted> admit_admin(const policy::CallerKeys& keys, const http::RequestHead& head, std::string_view peer) {
  Result<Admitted> admitted = admit(keys, head);
  if (!admitted) return admitted;
  if (admitted->key != nullptr) {
    if (admitted->key->admin) return admitted;
    return fail(ErrorCode::forbidden, "the key '" + admitted->key->name +
                                          "' is not an admin key; give it \"admin\": true in the configuration");
  }
  if (const Result<void> here = is_of_here(head, peer, "admin"); !here) return tl::unexpected<Error>(here.error());
  return admitted;
}

Result<void> may_manage(const Admitted& admitted, const http::RequestHead& head, std::string_view peer) {
  if (admitted.key == nullptr) return is_of_here(head, peer, "manage");
  if (admitted.key->manage) return {};
  return fail(ErrorCode::forbidden, "the key '" + admitted.key->name +
                                        "' may not change what models a provider has; give it \"manage\": true in the "
                                        "configuration");
}

bool may_use_any(const Admitted& admitted, std::string_view requested) {
  return admitted.key == nullptr || policy::may_use(*admitted.key, requested, "");
}

bool is_allowed(const Admitted& admitted, std::string_view requested, const routing::Target& target,
                const routing::Router& router) {
  if (admitted.key == nullptr || admitted.key->models.empty()) return true;
  if (target.model.empty() && admitted.key->models.has(target.provider->name + '/')) return true;
  // "lab/x" in the list means the provider lab, even while no such provider is configured.
  const bool names_provider = target.guessed && requested.find('/') != std::string_view::npos;
  return policy::may_use(*admitted.key, names_provider ? "" : requested, target.label()) ||
         allowed_in_other_words(*admitted.key, target, router);
}

Result<void> may_use(const Admitted& admitted, std::string_view requested, const routing::Target& target,
                     const routing::Router& router) {
  if (is_allowed(admitted, requested, target, router)) return {};
  return tl::unexpected<Error>(not_for(*admitted.key, requested, router));
}

Result<std::vector<const config::Provider*>> providers_for(const Admitted& admitted, const api::Match& match,
                                                           const routing::Router& router) {
  std::vector<const config::Provider*> found;
  if (!match.provider.empty()) {
    if (const config::Provider* const named = router.provider(match.provider)) return std::vector{named};
    return fail(ErrorCode::unknown_model,
                "there is no provider '" + std::string(match.provider.substr(0, max_name_bytes)) + "' here");
  }
  const std::vector<const config::Provider*>& speakers = router.speakers(match.endpoint->dialect);
  for (const config::Provider* const provider : speakers) {
    if (may_use(admitted, "", {provider, ""}, router)) found.push_back(provider);
  }
  if (found.empty() && !speakers.empty()) found.push_back(speakers.front());  // which the key may not use
  if (!found.empty()) return found;
  return fail(ErrorCode::unknown_model,
              "no configured provider speaks the " + std::string(name_of(match.endpoint->dialect)) +
                  " dialect of this path; /providers/NAME/... asks any provider for anything");
}

Error error_for(const Admitted& admitted, std::string_view requested, const Error& error,
                const routing::Router& router) {
  const bool tells_names = error.code == ErrorCode::unknown_model || error.code == ErrorCode::untranslatable;
  if (admitted.key == nullptr || !tells_names || policy::may_use(*admitted.key, "", "")) return error;
  return not_for(*admitted.key, requested, router);
}

}  // namespace sluice::gateway
