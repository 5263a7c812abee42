// Holds what the relay sends to the caller's responder while another target could still answer, until there is real
// output or the answer is whole. Then the held part is sent and everything after it passes straight through. Before
// that it can be dropped as if the target had never been asked.
//
//   through --hold()--> holding --first output of a stream, a plain answer's end, too much of it--> through
//                          |--drop()--> holding, with nothing
//
// If a stream's caller has to wait long, it gets the head and heartbeats meanwhile (beat()). From then on a failure can
// only be reported within the stream.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "api/error_body.h"
#include "http/service.h"

namespace sluice::gateway {

class QuotedSecrets;
class Relay;

class CommitGateEvents {
 public:
  // This answer has been chosen; what was held is sent next.
  virtual void on_commit() = 0;

 protected:
  ~CommitGateEvents() = default;
};

class CommitGate final : public http::Responder {
 public:
  // A plain answer up to this size is sent only once it is whole. If a larger one breaks off, the caller's connection
  // is cut.
  static constexpr size_t max_held_bytes = 1024 * 1024;
  // The same for a stream before its first output.
  static constexpr size_t max_held_opening_bytes = 256 * 1024;

  // Both must outlive the gate.
  CommitGate(http::Responder& out, CommitGateEvents& events) : out_(&out), events_(events) {}
  // Sends everything to `out` from now on; call it before anything was sent. `out` must outlive the gate.
  void send_to(http::Responder& out) { out_ = &out; }

  // From now on everything that `relay` sends is held. It must live until commit() or drop().
  void hold(const Relay& relay);
  void commit();
  // Forgets what is held and stops holding until the next hold().
  void drop();
  bool holding() const { return relay_ != nullptr; }
  // Replaces the status of what is held: it is an error, in which `secrets` are masked. False: there was none to mask.
  bool restate(int status, const QuotedSecrets& secrets);
  // Sends `beat`, after the head of the caller's stream if that has not been sent yet.
  void beat(std::string_view head_lines, std::string_view beat);
  // The caller's stream was begun by beat(), and no target's answer has been sent in it yet.
  bool begun_by_beat() const { return begun_by_beat_; }
  // Another gate of the same caller has called beat().
  void note_begun() { begun_by_beat_ = true; }

  void send_head_lines(int status, std::string_view field_lines, Length length, std::string_view reason) override;
  void flush_head() override;
  void send_body(std::span<const std::string_view> pieces, bool last) override;
  void finish() override { out_->finish(); }
  void abort() override { out_->abort(); }
  bool listener_gone() const override { return out_->listener_gone(); }
  bool recall_head() override;
  bool head_sent() const override { return out_->head_sent(); }
  size_t pending_bytes() const override { return out_->pending_bytes(); }
  void pause_body() override { out_->pause_body(); }
  void resume_body() override { out_->resume_body(); }
  std::string peer() const override { return out_->peer(); }
  uint64_t received_ns() const override { return out_->received_ns(); }
  uint64_t read_ns() const override { return out_->read_ns(); }
  uint64_t bytes_in() const override { return out_->bytes_in(); }
  uint64_t bytes_out() const override { return out_->bytes_out(); }
  net::Loop& loop() override { return out_->loop(); }

 private:
  struct Held {
    int status = 0;
    Length length{};
    size_t lines = 0;  // bytes of the lines in lines_and_reason
    std::string lines_and_reason, body;
    bool has_head = false;
  };
  bool is_due(bool last) const;
  bool holds_too_much() const;
  void hold_body(std::span<const std::string_view> pieces, bool last);
  void send_held_head();

  http::Responder* out_;
  CommitGateEvents& events_;
  const Relay* relay_ = nullptr;  // null: nothing is held
  Held held_;
  bool begun_by_beat_ = false;
};

}  // namespace sluice::gateway
