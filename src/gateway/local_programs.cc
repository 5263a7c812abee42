#include "gateway/local_programs.h"

#include <algorithm>
#include <memory>
#include <string>

#include "http/call.h"
#include "http/writer.h"
#include "net/resolver.h"
#include "net/tcp_dialer.h"

namespace sluice::gateway {
namespace {

constexpr uint64_t max_answer_bytes = 1 << 20;

std::string request_for(const config::LocalProbe& probe) {
  std::string head;
  http::write_request_line(head, http::Method::get, probe.path);
  http::write_field(head, "host", "127.0.0.1:" + std::to_string(probe.port));
  http::write_field(head, "connection", "close");
  http::end_head(head);
  return head;
}

// One GET and its answer.
class ProbeCall final : http::CallEvents {
 public:
  ProbeCall(net::Loop& loop, net::Resolver& resolver, const config::LocalProbe& probe, uint32_t max_ms)
      : probe_(probe),
        request_(request_for(probe)),
        dialer_(loop, resolver, "127.0.0.1", probe.port),
        pool_(loop, dialer_, {}, counts_),
        call_(loop, pool_, *this) {
    call_.start(request_, {.whole_ms = max_ms, .body_bytes = max_answer_bytes});
  }
  bool done() const { return done_; }
  const std::optional<config::AnsweredProbe>& answer() const { return answer_; }

 private:
  void on_call_head(const http::ResponseHead& head) override { status_ = head.status; }
  void on_call_body(std::string_view bytes) override { body_ += bytes; }
  void on_call_end() override {
    answer_ = config::read_probe_answer(probe_, status_, body_);
    done_ = true;
  }
  void on_call_failed(const Error&) override { done_ = true; }

  const config::LocalProbe& probe_;
  const std::string request_;
  net::TcpDialer dialer_;
  http::PoolCounts counts_;
  http::OutboundPool pool_;
  int status_ = 0;
  std::string body_;
  std::optional<config::AnsweredProbe> answer_;
  bool done_ = false;
  http::Call call_;
};

}  // namespace

std::vector<config::AnsweredProbe> find_local_programs(std::span<const config::LocalProbe> probes, uint32_t max_ms) {
  std::vector<config::AnsweredProbe> answers;
  net::Loop loop;
  net::Resolver resolver(loop);
  std::vector<std::unique_ptr<ProbeCall>> questions;
  for (const config::LocalProbe& probe : probes) {
    questions.push_back(std::make_unique<ProbeCall>(loop, resolver, probe, max_ms));
  }
  const auto is_open = [](const std::unique_ptr<ProbeCall>& question) { return !question->done(); };
  while (std::any_of(questions.begin(), questions.end(), is_open)) loop.run_once(true);
  for (const auto& question : questions) {
    if (question->answer()) answers.push_back(*question->answer());
  }
  return answers;
}

}  // namespace sluice::gateway
