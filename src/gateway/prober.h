// Probes providers whose breakers are open, so that no caller's request is spent on it: asks for the head of their
// model list every `probe_s`. One prober serves all workers, on a separate loop. Healthy providers are not probed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/provider_link.h"
#include "http/call.h"
#include "net/loop.h"
#include "observe/log.h"
#include "routing/health_board.h"

namespace sluice::gateway {

class Prober {
 public:
  // All references must outlive it.
  struct Options {
    net::Loop& loop;
    ProviderLinks& links;
    const config::Config& config;
    routing::HealthBoard& health;
    observe::Log& log;
    const std::atomic<bool>& draining;
  };
  explicit Prober(Options options);

 private:
  // The probe of one provider.
  class Probe final : http::CallEvents {
   public:
    Probe(const Options& options, const config::Provider& provider);

   private:
    void on_due();
    void ask();
    void arm();
    bool any_open();
    void on_told(bool back);
    void on_call_head(const http::ResponseHead& head) override { status_ = head.status; }
    void on_call_body(std::string_view /*bytes*/) override {}
    void on_call_end() override;
    void on_call_failed(const Error& error) override;

    const Options& options_;
    const config::Provider& provider_;
    ProviderLink* link_ = nullptr;  // null: it has not been asked yet
    std::unique_ptr<http::Call> call_;
    net::Timeout due_{this, [](void* self) { static_cast<Probe*>(self)->on_due(); }};
    std::string request_, problem_;
    int status_ = 0;
    uint32_t misses_ = 0;  // since the last success
  };

  const Options options_;
  std::vector<std::unique_ptr<Probe>> probes_;
};

}  // namespace sluice::gateway
