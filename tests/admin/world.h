// The pages with a fake clock, a discarded log and a fake source, at 2026-01-01T00:00:10Z, 10 s after the start.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin/pages.h"
#include "support/fake_clock.h"
#include "support/fake_responder.h"

namespace sluice::admin {

constexpr uint64_t second_ns = 1'000'000'000;

struct World {
  test::FakeClock clock{1'767'225'610'000};
  struct Nowhere {
    const int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ~Nowhere() { close(fd); }
  } nowhere;  // outlives the log, whose thread writes to it
  observe::Log log{observe::Log::Options{observe::Level::info, false, nowhere.fd, test::fixed_time}};
  std::atomic<bool> draining{false};
  observe::Metrics metrics{1, test::fake_unix_ms};
  const api::ModelFacts facts{"GPT-5", 1'700'000'000, 400'000, 128'000, 0};
  std::vector<api::ListedModel> listed = {
      {"fast", "openai"}, {"openai/gpt-5", "openai", &facts}, {"ollama/qwen3:8b", "ollama"}};
  Result<Visitor> visitor;
  // The last question that the source got.
  std::string asked_with, asked_from;  // the Authorization field, the peer
  std::string asked_for;               // the model's name
  std::vector<PageAccess> asked;       // every access, in order
  std::string controlled, explained;   // the arguments of the last call
  PageSource::Body waiting;
  PageSource::Problems reloading;
  std::string reload_by;
  std::vector<ErrorCode> refused;

  struct Source final : PageSource {
    explicit Source(World& of) : world(of) {}
    Result<Visitor> admit(PageAccess access, const http::RequestHead& head, std::string_view peer) override {
      world.asked.push_back(access);
      world.asked_with = head.fields.find("authorization").value_or("");
      world.asked_from = peer;
      return world.visitor;
    }
    Models models(const Visitor&, Dialect) override { return {world.listed}; }
    Result<Models> model(const Visitor&, Dialect, std::string_view name) override {
      world.asked_for = name;
      for (const api::ListedModel& model : world.listed) {
        if (model.id == name) return Models{{model}};
      }
      return fail(ErrorCode::unknown_model, "unknown model '" + std::string(name) + "'");
    }
    std::string limits() override { return "{\"limits\":[]}"; }
    std::string targets() override { return "{\"targets\":[]}"; }
    Result<void> control_target(std::string_view body, std::string_view key, std::string_view) override {
      world.controlled = std::string(key) + ": " + std::string(body);
      if (body == "{}") return fail(ErrorCode::bad_request, "no such body");
      return {};
    }
    Result<std::string> explain(std::string_view model, const routing::Asking& asking) override {
      world.explained = std::string(model) + " " + std::string(name_of(asking.dialect)) + " " +
                        std::string(asking.affinity) + " " + std::to_string(asking.estimated_tokens) +
                        (asking.images ? " images" : "") + (asking.tools ? " tools" : "") +
                        (asking.audio ? " audio" : "");
      if (model == "nothing") return fail(ErrorCode::unknown_model, "unknown model 'nothing'");
      return "{\"targets\":[]}\n";
    }
    void ask_exchanges(net::Loop&, Body done) override { world.waiting = std::move(done); }
    Result<void> ask_reload(const std::string& by, net::Loop&, Problems done) override {
      world.reload_by = by;
      world.reloading = std::move(done);
      return {};
    }
    std::string request_id(const http::RequestHead&) override { return "id-7"; }
    void on_refused(const http::RequestHead&, const http::Responder&, const Error& error,
                    std::string request_id) override {
      CHECK(request_id == "id-7");
      world.refused.push_back(error.code);
    }
    World& world;
  };

  Pages::Options options(uint64_t started_ns = test::FakeClock::start_ns - 10 * second_ns) {
    return {metrics, draining, started_ns, 1767225600, clock, log};
  }
  Pages pages{options(), std::make_unique<Source>(*this)};

  // For a page that answers immediately or after its body.
  test::FakeResponder ask(http::Method method, std::string target,
                          std::vector<std::pair<std::string, std::string>> fields = {}, std::string_view body = {}) {
    http::RequestHead head;
    head.method = method;
    head.target = std::move(target);
    for (const auto& [name, value] : fields) head.fields.add(name, value);
    test::FakeResponder responder(nullptr, method == http::Method::head);
    const auto handler = pages.handle(head, responder);
    REQUIRE(handler != nullptr);
    if (!responder.finished) {
      handler->on_body(body);
      handler->on_body_end();
    }
    CHECK(responder.finished);
    CHECK(responder.body_calls == 1);  // written together with the head
    return responder;
  }
};

}  // namespace sluice::admin
