// A caller's connection: reads requests one after another, hands each to the Service, and writes the answers back in
// order. Pipelined requests wait, unparsed, until the answer before them is complete. Reading and writing run at the
// same time, so each has its own state.
//
// Reading:
//   fresh (just accepted), waiting --first byte--> head --its end--> body --its end--> whole --answer done--> waiting
//   waiting <--answers were read, or a turn has passed--> stalled (no request is read)
//   body <--pause_body, resume_body--> paused
//   any --error, last answer done, drain--> closing (our side is shut, input is discarded) --FIN or timer--> gone
//   whole --the caller leaves, and the handler goes on alone--> whole, its stream closed --answer done--> gone
// Writing:
//   nothing <--send_head, recall_head--> head_waits --flush, bytes of the body--> body
//   head_waits, body --finish, abort, caller gone--> done
//   body --abort, where only the connection's end ends the answer--> cut (must not look whole)
//   nothing --abort, caller gone--> dropped
//   any --next request's head--> nothing
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "http/parser.h"
#include "http/service.h"
#include "net/loop.h"
#include "net/stream.h"

namespace sluice::http {

struct InboundOptions {
  ParserLimits limits;
  uint32_t head_ms = 10'000;  // from the first byte (from the accept, for the first request) to the end of the head
  uint32_t body_idle_ms = 60'000;    // without a byte of the body; also the window of body_bytes_per_s
  uint32_t body_bytes_per_s = 128;   // less than this over a whole window is too slow
  uint32_t keep_alive_ms = 75'000;   // between requests
  uint32_t write_stall_ms = 60'000;  // without the peer accepting a byte of the answer
  // After our side is shut, further input is read and discarded: if the connection were cut, many callers (and most
  // proxies) would report that they could not send the request, and never read the answer.
  uint32_t linger_ms = 2'000;         // for the peer to close or to send more
  uint32_t linger_total_ms = 30'000;  // in all, even if it keeps sending
  size_t linger_bytes = 32 << 20;  // after that nothing more is read: a peer that reads while it sends still gets its
                                   // answer
  uint32_t silence_ms =
      600'000;  // after a cut answer whose framing does not show the cut, on a Unix socket, which has no reset
  size_t pipelined_bytes = 64 * 1024;  // read ahead while an answer is being made; then reading stops
};

class InboundConnection;

// All connections of one worker to one Service: owns, counts and drains them.
class InboundConnections {
 public:
  // Called with the number still open, each time one has closed.
  using Closed = std::function<void(size_t open)>;
  // All references must outlive this.
  InboundConnections(net::Loop& loop, Service& service, const InboundOptions& options, Closed closed = {});
  ~InboundConnections();
  // `listener`: the index of the listener that accepted it.
  void add(std::unique_ptr<net::Stream> stream, uint32_t listener = 0);
  size_t size() const { return size_; }
  // For connections added from now on; the timeouts apply to all.
  void set_options(const InboundOptions& options) { options_ = options; }
  // How long draining waits on connections without a request under way.
  struct Patience {
    uint32_t first_request_ms = 0;  // just accepted: its caller does not expect it to be closed
    uint32_t next_request_ms = 0;   // has had an answer: a request may already be on its way
  };
  // Closes connections that wait for a request once `patience` has passed, and all others after the current answer. A
  // request that arrives in time is given to the Service; its answer is the connection's last.
  void drain(Patience patience);
  void drain() { drain(Patience{}); }
  bool draining() const { return draining_; }
  // For connections accepted by listeners not in `kept`: closes those that wait for a request, answers 503 where a head
  // is half read, and closes all others after the current answer. May be called from the Service's handle().
  void keep_only(std::span<const uint32_t> kept);
  // Ends every exchange under way: with 503 if no byte of the answer has been sent, else with a cut that the caller can
  // see.
  void cut_all(const Error& error);
  // Requests rejected before they were complete (malformed, too large, too slow).
  uint64_t malformed_total() const { return malformed_total_; }

 private:
  friend class InboundConnection;
  void gone(InboundConnection& connection);

  net::Loop& loop_;
  Service& service_;
  InboundOptions options_;
  Closed closed_;
  InboundConnection* first_ = nullptr;  // intrusive list
  size_t size_ = 0;
  bool draining_ = false;
  uint64_t malformed_total_ = 0;
  std::vector<std::string_view> pieces_;  // scratch for gathered writes
};

class InboundConnection final : net::StreamEvents, ParserEvents, Responder {
 public:
  InboundConnection(InboundConnections& all, std::unique_ptr<net::Stream> stream, uint32_t listener);
  ~InboundConnection();

 private:
  friend class InboundConnections;
  enum class Reading : unsigned char { fresh, waiting, stalled, head, body, paused, whole, closing, gone };
  enum class Writing : unsigned char { nothing, head_waits, body, done, cut, dropped };
  // What ends the answer's body on the wire. no_body: to HEAD, and with 204 and 304. told: its end has been written.
  enum class Framing : unsigned char { by_length, by_chunks, by_close, no_body, told };

  // net::StreamEvents
  void on_read(std::string_view bytes) override;
  std::span<char> read_room() override;
  void on_end() override;
  void on_broken(const Error& error) override;
  void on_drained() override;
  void on_ended() override;
  // ParserEvents
  Result<void> on_head() override;
  void on_body(std::string_view bytes) override;
  void on_message_end() override;
  // Responder
  void send_head_lines(int status, std::string_view field_lines, Length length, std::string_view reason) override;
  void flush_head() override;
  void send_body(std::span<const std::string_view> pieces, bool last) override;
  void finish() override;
  void abort() override;
  bool recall_head() override;
  bool listener_gone() const override { return listener_gone_; }
  void let_go() override;
  bool head_sent() const override { return writing_ != Writing::nothing && writing_ != Writing::dropped; }
  size_t pending_bytes() const override { return alone_ ? 0 : stream_->pending_bytes(); }
  void pause_body() override;
  void resume_body() override;
  std::string peer() const override {
    if (peer_.empty()) peer_ = stream_->peer();
    return peer_;
  }
  uint64_t received_ns() const override { return received_ns_; }
  uint64_t read_ns() const override { return read_ns_; }
  uint64_t bytes_in() const override { return bytes_in_; }
  uint64_t bytes_out() const override { return bytes_out_; }
  net::Loop& loop() override { return all_.loop_; }

  // Calls `work`, then run_out() if that runs out of memory.
  template <typename Work>
  void guarded(Work work) {
    try {
      work();
    } catch (const std::bad_alloc&) {
      run_out();
    }
  }
  [[gnu::cold]] void run_out();
  // A request is under way: its head has arrived and its answer is not done.
  bool serving() const { return reading_ >= Reading::body && reading_ <= Reading::whole; }
  // The answer is over: nothing more of it will be sent.
  bool answered() const { return writing_ >= Writing::done; }
  void read_stream(bool on);
  void take(std::string_view bytes);
  [[gnu::cold]] void stall(std::string_view bytes);
  [[gnu::cold]] void yield_turn(std::string_view bytes);
  void go_on();
  void hold(std::string_view bytes);
  void take_held();
  void begin_serving();
  [[gnu::cold]] void refuse(const Error& error);
  void after_exchange();
  void close_gently();
  [[gnu::cold]] void close_cut();
  void mark_cut();
  void linger(size_t bytes);
  void leave();
  void drain(InboundConnections::Patience patience);
  void lose_listener();
  void lose_caller(const Error& error);
  [[gnu::cold]] bool go_on_alone(const Error& error);
  void drop_handler();
  void write(std::span<const std::string_view> pieces);
  void watch_body();
  [[gnu::cold]] void on_read_timeout();
  void hurry();
  void ended();
  void watch_writing();
  [[gnu::cold]] void on_write_timeout();

  InboundConnections& all_;
  std::unique_ptr<net::Stream> stream_;
  Parser parser_;
  std::unique_ptr<RequestHandler> handler_;
  std::string held_;          // pipelined bytes of later requests
  std::string head_;          // the answer's head until it leaves
  mutable std::string peer_;  // filled on first use
  net::Timeout read_timeout_, write_timeout_;
  uint64_t received_ns_ = 0, read_ns_ = 0, bytes_in_ = 0, bytes_out_ = 0;
  uint64_t body_window_bytes_ = 0, body_window_began_ms_ = 0;
  uint64_t taken_bytes_ = 0;  // written less pending, when the write timer was armed
  uint64_t written_bytes_ = 0;
  size_t lingered_bytes_ = 0;
  uint64_t lingers_until_ms_ = 0;
  InboundConnection* next_ = nullptr;
  InboundConnection* previous_ = nullptr;
  const uint32_t listener_;
  Reading reading_ = Reading::fresh;
  Writing writing_ = Writing::nothing;
  Framing framing_ = Framing::by_length;
  bool in_parser_ = false;  // feed() is on the call stack
  bool stream_reads_ = false;
  bool close_after_ = false;  // this answer is the connection's last
  bool listener_gone_ = false;
  bool alone_ = false;  // the caller has left, but the handler goes on
};

}  // namespace sluice::http
