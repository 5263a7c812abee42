#include "gateway/local_programs.h"

#include <memory>
#include <string>

#include "http/outbound_pool.h"
#include "http/writer.h"
#include "net/resolver.h"
#include "net/tcp_dialer.h"

namespace sluice::gateway {
namespace {

constexpr size_t most_answer_bytes = 1 << 20;

// One GET and its answer.
class Probe final : http::AnswerEvents {
 public:
  Probe(net::Loop& loop, net::Resolver& resolver, const config::LocalProbe& probe)
      : probe_(probe), dialer_(loop, resolver, "127.0.0.1", probe.port), pool_(loop, dialer_, {}, counts_) {
    auto pending = pool_.connect([this](Result<std::unique_ptr<http::OutboundConnection>> connection) {
      const auto over = std::move(pending_);
      if (!connection) return finish();
      connection_ = std::move(*connection);
      ask();
    });
    if (pending) pending_ = std::move(*pending);
  }
  ~Probe() {
    pending_.reset();
    if (connection_) pool_.give_back(std::move(connection_));
  }
  bool done() const { return done_; }
  const std::optional<config::AnsweredProbe>& answer() const { return answer_; }

 private:
  void ask() {
    std::string head;
    http::write_request_line(head, http::Method::get, probe_.path);
    http::write_field(head, "host", "127.0.0.1:" + std::to_string(probe_.port));
    http::write_field(head, "connection", "close");
    http::end_head(head);
    connection_->begin(*this, false);
    const std::string_view piece = head;
    connection_->send(std::span<const std::string_view>(&piece, 1));
  }
  void finish() { done_ = true; }

  void on_answer_head(http::ResponseHead& head) override { status_ = head.status; }
  void on_answer_body(std::string_view bytes) override {
    if (body_.size() + bytes.size() <= most_answer_bytes) body_ += bytes;
  }
  void on_answer_end() override {
    answer_ = config::read_probe_answer(probe_, status_, body_);
    finish();
  }
  void on_turn() override {}
  void on_target_broken(const Error&) override { finish(); }
  void on_target_drained() override {}

  const config::LocalProbe& probe_;
  net::TcpDialer dialer_;
  http::PoolCounts counts_;
  http::OutboundPool pool_;
  std::unique_ptr<http::OutboundPool::Pending> pending_;
  std::unique_ptr<http::OutboundConnection> connection_;
  int status_ = 0;
  std::string body_;
  std::optional<config::AnsweredProbe> answer_;
  bool done_ = false;
};

}  // namespace

std::vector<config::AnsweredProbe> find_local_programs(std::span<const config::LocalProbe> probes, uint64_t most_ms) {
  std::vector<config::AnsweredProbe> answers;
  net::Loop loop;
  net::Resolver resolver(loop);
  std::vector<std::unique_ptr<Probe>> questions;
  for (const config::LocalProbe& probe : probes) questions.push_back(std::make_unique<Probe>(loop, resolver, probe));
  bool late = false;
  net::Timeout deadline(&late, [](void* flag) { *static_cast<bool*>(flag) = true; });
  loop.timers().arm(deadline, most_ms);
  const auto open = [&questions] {
    for (const auto& question : questions) {
      if (!question->done()) return true;
    }
    return false;
  };
  while (open() && !late) loop.run_once(true);
  for (const auto& question : questions) {
    if (question->answer()) answers.push_back(*question->answer());
  }
  return answers;
}

}  // namespace sluice::gateway
