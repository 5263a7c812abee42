#include "wiring/facts.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/limits_page.h"
#include "admin/pages.h"
#include "gateway/admission.h"
#include "gateway/exchange_list.h"

namespace sluice {

namespace {

// What a key may see of the known models.
Result<std::vector<api::ListedModel>> models_for(const gateway::Setup& setup, const http::RequestHead& head) {
  const Result<gateway::Admitted> admitted = gateway::admit(setup.keys, head);
  if (!admitted) return tl::unexpected<Error>(admitted.error());
  std::vector<api::ListedModel> models;
  for (const auto& [name, provider] : setup.router.known_models()) {
    if (admitted->key != nullptr && !policy::may_use(*admitted->key, name, "")) continue;
    models.push_back({name, provider});
  }
  return models;
}

std::string key_name(const gateway::Setup& setup, const http::RequestHead& head) {
  const Result<gateway::Admitted> admitted = gateway::admit(setup.keys, head);
  return admitted && admitted->key != nullptr ? admitted->key->name : "";
}

// Who has the configuration read again, for the log.
std::string asker(const std::string& key, std::string_view peer) {
  std::string text = key.empty() ? "no key" : "key " + key;
  text += ", from ";
  text += peer;
  return text;
}

}  // namespace

gateway::OwnPages make_pages(const gateway::Shared& shared, const GatewayFacts& facts, const AskReload& ask_reload,
                             gateway::RefusedPage refused) {
  const auto models = [&shared](const http::RequestHead& head) { return models_for(*shared.setup(), head); };
  const auto limits = [&shared](const http::RequestHead& head, std::string_view peer) -> Result<std::string> {
    const std::shared_ptr<gateway::Setup> setup = shared.setup();
    const Result<void> allowed = gateway::may_administer(setup->keys, head, peer);
    if (!allowed) return tl::unexpected<Error>(allowed.error());
    return admin::limits_body(setup->limiter.get(), shared.clock.monotonic_ns());
  };
  const auto may = [&shared](const http::RequestHead& head, std::string_view peer) {
    return gateway::may_administer(shared.setup()->keys, head, peer);
  };
  const auto census = std::make_shared<gateway::ExchangeCensus>(shared.ask_worker);
  const auto exchanges = [&shared, may, census](const http::RequestHead& head, std::string_view peer, net::Loop& loop,
                                                admin::Pages::Done done) -> Result<void> {
    if (const Result<void> allowed = may(head, peer); !allowed) return allowed;
    census->take(loop, shared.worker_count, std::move(done));
    return {};
  };
  const auto reload = [&shared, may, ask_reload](const http::RequestHead& head, std::string_view peer, net::Loop& loop,
                                                 admin::Pages::Reloaded done) -> Result<void> {
    if (const Result<void> allowed = may(head, peer); !allowed) return allowed;
    const std::string by = asker(key_name(*shared.setup(), head), peer);
    return ask_reload(by, [&loop, done = std::move(done)](std::vector<std::string> problems) {
      loop.post([done, problems = std::move(problems)] { done(problems); });
    });
  };
  const auto name = [&shared](const http::RequestHead& head) { return key_name(*shared.setup(), head); };
  gateway::OwnPages pages;
  pages.knows = admin::Pages::knows;
  pages.service = std::make_unique<admin::Pages>(
      admin::Pages::Options{*shared.metrics, facts.leaving, models, facts.started_ns, facts.started_unix_s,
                            shared.clock, limits, exchanges, may, &shared.log, reload, name, std::move(refused)});
  return pages;
}

}  // namespace sluice
