// TLS over any other stream. Bytes are copied once into and once out of OpenSSL's record buffers and nowhere else: a
// custom BIO passes it what the inner stream delivers, and gathers the records of one call into one write of the inner
// stream. Decrypted bytes are delivered from the stack, so an idle connection needs no buffer.
//
//   handshake --SSL_do_handshake done--> open --error, alert, cut--> broken
// Reading:
//   open --close_notify--> end_owed --on_end--> end_told
//   open --the inner stream ends--> cut_off (some bytes are still to be decrypted) --close_notify in them--> end_owed
//   cut_off --all decrypted--> broken
// Writing:
//   open --end() while queued bytes wait for the handshake--> ending --they are sent--> shut
//   open --end(), reset()--> shut
//
// Writes during the handshake are queued. The peer's close_notify becomes on_end; a connection that ends without one
// becomes on_broken, because an attacker may have truncated the answer.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/loop.h"
#include "net/stream.h"
#include "tls/failure.h"
#include "tls/handles.h"
#include "tls/session_cache.h"

namespace sluice::tls {

class ListenerContext;
class TargetContext;

class TlsStream final : public net::Stream, private net::StreamEvents {
 public:
  // To a target named `host`. Takes a session from `sessions` and puts new ones there; may be null.
  TlsStream(net::Loop& loop, TargetContext& context, const std::string& host, std::shared_ptr<SessionCache> sessions,
            std::unique_ptr<net::Stream> inner);
  // From a caller.
  TlsStream(net::Loop& loop, ListenerContext& context, std::unique_ptr<net::Stream> inner);
  ~TlsStream() override;

  // Target side, once: sends the ClientHello and reads the answers, even while reading is off. `ready` is called once,
  // in a later turn, when the handshake is done; on failure on_broken is called instead.
  void start_handshake(std::function<void()> ready);

  void set_events(net::StreamEvents* events) override;
  void start_reading() override;
  void stop_reading() override;
  using net::Stream::write;
  void write(std::span<const std::string_view> pieces) override;
  size_t pending_bytes() const override;
  void end() override;
  bool reset() override;
  std::string peer() const override;
  uint32_t round_trip_us() const override { return inner_->round_trip_us(); }

  // After the handshake:
  bool session_reused() const;
  std::string_view protocol() const;  // by ALPN: "http/1.1", or "" if the peer chose none; lives as long as the stream
  std::string_view version() const;   // "TLSv1.3"; a literal

 private:
  friend struct StreamBio;  // OpenSSL's callbacks, in stream_bio.cc
  enum class State : unsigned char { handshake, open, broken };
  enum class Reading : unsigned char { open, cut_off, end_owed, end_told };
  enum class Writing : unsigned char { open, ending, shut };
  // When on_drained is due: not at all, once little is pending, or at the next opportunity.
  enum class Drained : unsigned char { untold, below_mark, owed };
  enum class Side : unsigned char { target, caller };

  // What OpenSSL sends within one call: gathered on the stack, then given to the inner stream in one write (in several
  // if it exceeds `room`). Without an Outbox, OpenSSL cannot send.
  class Outbox {
   public:
    Outbox(TlsStream& stream, std::span<char> room);
    ~Outbox();
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;
    void add(std::string_view record);

   private:
    void flush();
    TlsStream& stream_;
    std::span<char> room_;
    size_t used_ = 0;
  };

  TlsStream(net::Loop& loop, Side side, std::string name, Owned<SSL> connection, std::unique_ptr<net::Stream> inner);

  // The inner stream's events.
  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_broken(const Error& error) override;
  void on_drained() override;
  void on_ended() override;

  void feed(std::string_view bytes);
  void pump();
  void advance_handshake();
  size_t decrypt(std::span<char> room);
  void encrypt(std::string_view bytes);
  void encrypt_pieces(std::span<const std::string_view> pieces);
  void shut();
  void cut();
  void fail(Error error);
  void fail_tls(const std::string& reason);
  void tell();
  void tell_later();
  void resume();
  void steer_reading();
  void note_pending();
  bool peer_ended() const { return reading_ >= Reading::end_owed; }  // close_notify has arrived
  bool delivers() const;

  net::Loop& loop_;
  std::unique_ptr<net::Stream> inner_;
  Owned<SSL> connection_;
  net::StreamEvents* events_ = nullptr;
  Outbox* outbox_ = nullptr;     // set while OpenSSL runs
  std::string_view incoming_;    // of the inner stream, not yet taken by OpenSSL; valid while pump() runs
  std::string stash_;            // the same, kept because the reader stopped; the inner stream is stopped too
  std::string queued_;           // written before the end of the handshake
  std::string name_;             // of the target, for errors and "untrusted root"
  std::string_view trust_hint_;  // a literal
  std::string certificate_problem_;
  FirstBytes first_;
  std::shared_ptr<SessionCache> sessions_;
  std::function<void()> ready_;
  std::unique_ptr<Error> broken_;     // the reason, until it is reported
  std::shared_ptr<TlsStream*> self_;  // made when first deferred; deferred tasks hold it weakly
  State state_ = State::handshake;
  Reading reading_ = Reading::open;
  Writing writing_ = Writing::open;
  Drained drained_ = Drained::untold;
  Side side_;
  bool wants_bytes_ = false;  // start_reading() was called
  bool inner_reading_ = false;
  bool offered_session_ = false;
  bool later_ = false;  // a deferred task is scheduled
};

// A caller's connection: the handshake happens while reading. Never fails here; failures become on_broken.
std::unique_ptr<net::Stream> accept_tls(net::Loop& loop, ListenerContext& context, std::unique_ptr<net::Stream> inner);

}  // namespace sluice::tls
