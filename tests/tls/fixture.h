// Shared by the TLS tests: pairs of connected streams, an authority with certificates, and recorded events.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/dialer.h"
#include "net/loop.h"
#include "net/memory_pipe.h"
#include "support/certificates.h"
#include "tls/context.h"
#include "tls/dialer.h"
#include "tls/stream.h"

namespace sluice::test {

using StreamPair = std::pair<std::unique_ptr<net::Stream>, std::unique_ptr<net::Stream>>;

enum class Carrier { memory, memory_in_small_pieces, sockets };
inline const std::vector<Carrier> carriers = {Carrier::memory, Carrier::memory_in_small_pieces, Carrier::sockets};
StreamPair make_pair(net::Loop& loop, Carrier carrier);

// Turns the loop until `done` returns true; false if that takes longer than any test needs.
bool run_until(net::Loop& loop, const std::function<bool()>& done);
// Turns the loop until no more bytes move in memory.
void run_dry(net::Loop& loop);

// Records the events of a stream.
struct Recorder : net::StreamEvents {
  std::string received;
  int reads = 0;
  bool peer_ended = false;
  bool ended = false;
  int drained = 0;
  std::unique_ptr<Error> broken;
  int events_after_break = 0;
  std::function<void(std::string_view)> also;  // called at the end of on_read

  void on_read(std::string_view bytes) override {
    events_after_break += broken != nullptr;
    // Reads the padding, so that a sanitizer reports it if it is not readable.
    for (size_t i = 0; i < net::read_padding_bytes; ++i) padding_sum += static_cast<unsigned char>(bytes.end()[i]);
    received += bytes;
    ++reads;
    if (also) also(bytes);
  }
  void on_end() override {
    events_after_break += broken != nullptr;
    peer_ended = true;
  }
  void on_broken(const Error& error) override {
    events_after_break += broken != nullptr;
    broken = std::make_unique<Error>(error);
  }
  void on_drained() override { ++drained; }
  void on_ended() override { ended = true; }
  unsigned padding_sum = 0;
};

// A stream that counts writes and passes everything through.
class CountingStream final : public net::Stream {
 public:
  CountingStream(std::unique_ptr<net::Stream> inner, int& writes) : inner_(std::move(inner)), writes_(writes) {}
  void set_events(net::StreamEvents* events) override { inner_->set_events(events); }
  void start_reading() override { inner_->start_reading(); }
  void stop_reading() override { inner_->stop_reading(); }
  void write(std::span<const std::string_view> pieces) override {
    ++writes_;
    inner_->write(pieces);
  }
  size_t pending_bytes() const override { return inner_->pending_bytes(); }
  void end() override { inner_->end(); }
  bool reset() override { return inner_->reset(); }
  std::string peer() const override { return inner_->peer(); }

 private:
  std::unique_ptr<net::Stream> inner_;
  int& writes_;
};

// Returns streams made beforehand, or an error.
class ReadyDialer final : public net::Dialer {
 public:
  explicit ReadyDialer(net::Loop& loop) : loop_(loop) {}
  void add(std::unique_ptr<net::Stream> stream) { streams_.push_back(std::move(stream)); }
  std::unique_ptr<net::Dial> dial(Done done) override;

 private:
  class Waiting;
  net::Loop& loop_;
  std::vector<std::unique_ptr<net::Stream>> streams_;
};

// An authority, a certificate that it signed for api.example.com (and 127.0.0.1 and ::1), and contexts with both.
struct Authority {
  explicit Authority(const std::string& name = "test root");
  CertificateFiles files;
  Certificate root;
  Certificate leaf;
  std::string root_file, leaf_file, key_file;
  std::shared_ptr<tls::SystemRoots> roots = std::make_shared<tls::SystemRoots>();

  std::shared_ptr<tls::TargetContext> target_context(const tls::TargetOptions& options) const;
  std::shared_ptr<tls::TargetContext> trusting_context() const { return target_context({root_file, "", "", false}); }
  std::shared_ptr<tls::ListenerContext> listener_context() const;
};

// One dial over TLS and its result.
struct Dialed {
  Dialed(net::Loop& loop, std::shared_ptr<tls::TargetContext> context, const std::string& host,
         std::unique_ptr<net::Stream> carrier);
  Dialed(tls::TlsDialer& dialer);
  void start(tls::TlsDialer& own);
  bool over() const { return stream || error; }
  tls::TlsStream& tls() { return static_cast<tls::TlsStream&>(*stream); }

  std::unique_ptr<tls::TlsDialer> dialer;
  std::unique_ptr<net::Dial> dial;
  std::unique_ptr<net::Stream> stream;
  std::unique_ptr<Error> error;
  int times = 0;
};

inline const std::string host = "api.example.com";

}  // namespace sluice::test
