#include "wiring/facts.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/limits_page.h"
#include "admin/pages.h"
#include "admin/targets_page.h"
#include "gateway/admission.h"
#include "gateway/exchange_list.h"
#include "gateway/request_id.h"
#include "routing/explain.h"

namespace sluice {

namespace {

uint64_t now_ms_of(const gateway::Shared& shared) { return shared.clock.monotonic_ns() / 1'000'000; }

class Source final : public admin::PageSource {
 public:
  Source(const gateway::Shared& shared, AskReload ask_reload, gateway::RefusedPage refused)
      : shared_(shared),
        ask_reload_(std::move(ask_reload)),
        refused_(std::move(refused)),
        ids_({shared.random.next(), shared.random.next()}),
        census_(std::make_shared<gateway::ExchangeCensus>(shared.ask_worker)) {}

  Result<admin::Visitor> admit(admin::PageAccess access, const http::RequestHead& head,
                               std::string_view peer) override {
    std::shared_ptr<gateway::Setup> setup = shared_.setup();
    const Result<gateway::Admitted> admitted = access == admin::PageAccess::admins
                                                   ? gateway::admit_admin(setup->keys, head, peer)
                                                   : gateway::admit(setup->keys, head);
    if (!admitted) return tl::unexpected<Error>(admitted.error());
    return admin::Visitor{admitted->key, std::move(setup)};
  }

  admin::Models models(const admin::Visitor& visitor, Dialect dialect) override {
    auto held = std::make_shared<const gateway::Shared::Present>(shared_.present());
    return {held->catalog->models_for({visitor.key, 0}, dialect), held};
  }

  Result<admin::Models> model(const admin::Visitor& visitor, Dialect dialect, std::string_view name) override {
    auto held = std::make_shared<const gateway::Shared::Present>(shared_.present());
    const Result<api::ListedModel> model = held->catalog->model_for({visitor.key, 0}, dialect, name);
    if (!model) return tl::unexpected<Error>(model.error());
    return admin::Models{{*model}, held};
  }

  std::string limits() override {
    return admin::limits_body(shared_.setup()->limiter.get(), shared_.clock.monotonic_ns());
  }

  std::string targets() override { return admin::targets_body(*shared_.setup()->health, now_ms()); }

  Result<void> control_target(std::string_view body, std::string_view key, std::string_view peer) override {
    return admin::control_target(*shared_.setup()->health, shared_.log, body, now_ms(), key, peer);
  }

  Result<std::string> explain(std::string_view model, const routing::Asking& asking) override {
    const gateway::Shared::Present present = shared_.present();
    routing::Asking now = asking;
    now.now_ms = now_ms();
    now.chance = shared_.clock.monotonic_ns();
    const Result<routing::Explanation> explanation = routing::explain(present.catalog->router(), model, now);
    if (!explanation) return tl::unexpected<Error>(explanation.error());
    return explanation_json(*explanation);
  }

  void ask_exchanges(net::Loop& loop, Body done) override {
    census_->take(loop, shared_.worker_count, std::move(done));
  }

  Result<void> ask_reload(const std::string& by, net::Loop& loop, Problems done) override {
    return ask_reload_(by, [&loop, done = std::move(done)](std::vector<std::string> problems) {
      loop.post([done, problems = std::move(problems)] { done(problems); });
    });
  }

  std::string request_id(const http::RequestHead& head) override {
    return ids_.of(head.fields.find("x-request-id").value_or(""));
  }

  void on_refused(const http::RequestHead& head, const http::Responder& responder, const Error& error,
                  std::string request_id) override {
    refused_(head, responder, error, std::move(request_id));
  }

 private:
  uint64_t now_ms() const { return now_ms_of(shared_); }

  const gateway::Shared& shared_;
  const AskReload ask_reload_;
  const gateway::RefusedPage refused_;
  gateway::RequestIds ids_;
  const std::shared_ptr<gateway::ExchangeCensus> census_;
};

}  // namespace

gateway::OwnPages make_pages(const gateway::Shared& shared, const GatewayFacts& facts, const AskReload& ask_reload,
                             gateway::RefusedPage refused) {
  const admin::Pages::Options options{*shared.metrics,      facts.leaving, facts.started_ns,
                                      facts.started_unix_s, shared.clock,  shared.log};
  auto source = std::make_unique<Source>(shared, ask_reload, std::move(refused));
  return {admin::Pages::knows, admin::Pages::is_probe, std::make_unique<admin::Pages>(options, std::move(source))};
}

std::vector<observe::Metrics::TargetState> target_states(const gateway::Shared& shared) {
  std::vector<observe::Metrics::TargetState> states;
  const std::shared_ptr<gateway::Setup> setup = shared.setup();
  admin::each_shown_target(
      *setup->health, now_ms_of(shared), admin::max_targets_shown,
      [&states](const routing::TargetHealth& health, const routing::HealthState& state) {
        states.push_back({health.label(), name_of(state.standing), state.asked, state.failed, state.refused_repeats,
                          state.first_output_us, state.in_flight, state.probes, state.probes_missed});
      });
  return states;
}

std::vector<observe::Metrics::CredentialState> credential_states(const gateway::Shared& shared) {
  std::vector<observe::Metrics::CredentialState> states;
  const std::shared_ptr<gateway::Setup> setup = shared.setup();
  const uint64_t now_ms = now_ms_of(shared);
  setup->health->for_each_credential([&](const config::Provider& provider, size_t place, uint64_t until_ms) {
    if (states.size() < admin::max_targets_shown) states.push_back({provider.name, place + 1, now_ms < until_ms});
  });
  return states;
}

}  // namespace sluice
