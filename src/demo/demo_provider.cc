#include "demo/demo_provider.h"

#include <array>
#include <functional>
#include <utility>

#include "base/give_back.h"
#include "base/text.h"
#include "base/time_text.h"
#include "demo/endpoint.h"
#include "demo/faults.h"
#include "demo/orders.h"
#include "net/stream.h"

namespace sluice::demo {

namespace {

constexpr size_t batch_bytes = 64 * 1024;  // of frames in one write, if they are not paced
constexpr size_t batches_per_turn = 8;     // so that one long answer does not block the loop
constexpr uint32_t ms_per_s = 1000;
constexpr uint64_t ns_per_ms = 1'000'000;

}  // namespace

// One request: collects the body, has the endpoint answer it, and plays the answer at the configured pace, with the
// faults that its orders ask for.
//   gathering --on_body_end--> answered | waiting --delay--> playing --last frame--> answered
//   waiting and playing may also end in silence, until the caller leaves
class DemoHandler final : public http::RequestHandler {
 public:
  DemoHandler(DemoProvider& provider, const http::RequestHead& head, http::Responder& responder)
      : provider_(provider), head_(head), responder_(responder), found_(find_endpoint(head.method, head.path())) {
    if (!found_) error_ = found_.error();
  }

  void on_body(std::string_view bytes) override {
    if (error_) return;  // reported at the end of the body, so that the connection can be kept
    if (body_.size() + bytes.size() > provider_.options_.body_bytes) {
      error_ = Error{ErrorCode::body_too_large,
                     "the body is larger than " + std::to_string(provider_.options_.body_bytes) + " bytes"};
      give_back(body_);
      return;
    }
    body_ += bytes;
  }

  void on_body_end() override {
    if (error_) return refuse(*error_);
    Result<DemoAnswer> answer =
        found_->endpoint->answer({head_, *found_->endpoint, body_, found_->name, provider_.next_id(),
                                  provider_.loop_.clock().unix_s(), provider_.options_.memory});
    if (!answer) return refuse(answer.error());
    const size_t request_hash = std::hash<std::string_view>()(body_);
    give_back(body_);
    answer_ = std::move(*answer);
    orders_ = orders_in(answer_.model);
    if (!orders_.none() && refuse_by_orders(request_hash)) return;
    if (orders_.delay_s == 0) return begin();
    wait_ms(orders_.delay_s * ms_per_s, &DemoHandler::begin);
  }

  void on_request_broken(const Error& error) override {
    if (responder_.head_sent()) return end([this] { responder_.abort(); });
    refuse(error);
  }

  void on_drained() override {
    if (player_ && stalled_) play();
  }

  void on_caller_gone(const Error&) override {
    end([] {});
  }

 private:
  http::Fields fields_of(std::string_view content_type) const {
    http::Fields fields;
    fields.add("content-type", content_type);
    fields.add("date", http_date(provider_.loop_.clock().unix_s()));
    return fields;
  }

  void refuse(const Error& error) {
    http::Fields fields = fields_of("application/json");
    if (error.code == ErrorCode::method_not_allowed) fields.add("allow", allowed_methods(head_.path()));
    respond(http_status(error.code), fields, api::error_body(dialect_of(head_), error, {}));
  }

  // Whether something else is sent instead of the answer.
  bool refuse_by_orders(size_t request_hash) {
    if (orders_.silent) return true;
    if (orders_.reset) return end([this] { responder_.abort(); }), true;
    if (orders_.web_page) return respond(200, fields_of("text/html"), "<!doctype html><title>Demo</title>"), true;
    const Dialect dialect = found_->endpoint->dialect;
    if (orders_.refuse_prefix && answer_.continues) return refuse(prefix_refusal(dialect)), true;
    if (orders_.status == 0) return false;
    if (orders_.then_ok && provider_.options_.memory->may_answer(request_hash, provider_.loop_.now_ns() / ns_per_ms,
                                                                 uint64_t{orders_.retry_after_s} * ms_per_s)) {
      return false;
    }
    return refuse(refusal_of(orders_, dialect)), true;
  }

  void refuse(const Refusal& refusal) {
    http::Fields fields = fields_of("application/json");
    if (orders_.retry_after_s != 0) fields.add("retry-after", std::to_string(orders_.retry_after_s));
    respond(refusal.status, fields, refusal.body);
  }

  void respond(int status, const http::Fields& fields, std::string_view body) {
    responder_.send_head(status, fields, {body.size()});
    responder_.send_body(std::array<std::string_view, 1>{body});
    end([this] { responder_.finish(); });
  }

  void begin() {
    const http::Fields fields = fields_of(answer_.content_type);
    if (answer_.script == nullptr) {
      if (orders_.how == Orders::Break::none) return respond(200, fields, answer_.body);
      return begin_spoilt(fields);
    }
    player_ = std::make_unique<FramePlayer>(std::move(answer_.script), orders_, found_->endpoint->dialect,
                                            answer_.content_type);
    responder_.send_head(200, fields, {});
    play();
  }

  void begin_spoilt(const http::Fields& fields) {
    const PlainAnswer spoilt = spoil(std::move(answer_.body), orders_, found_->endpoint->dialect);
    responder_.send_head(200, fields, {spoilt.length.value_or(http::Responder::Length::unknown)});
    send(spoilt.body);
    end_by(spoilt.then);
  }

  void send(std::string_view bytes) {
    if (bytes.empty()) return responder_.flush_head();
    responder_.send_body(std::array<std::string_view, 1>{bytes});
  }

  void end_by(Then then) {
    if (then == Then::finished) return end([this] { responder_.finish(); });
    if (then == Then::cut) return end([this] { responder_.abort(); });
    player_.reset();  // silence
  }

  // Sends the frames that are due; if the caller does not read them, waits for on_drained.
  void play() {
    stalled_ = false;
    const uint32_t pace_ms = provider_.options_.pace_ms;
    for (size_t batch = 0; batch < batches_per_turn; ++batch) {
      if (responder_.pending_bytes() > net::WriteMarks::high_bytes) {
        stalled_ = true;
        return;
      }
      frames_.clear();
      Then then = player_->next(frames_);
      while (then == Then::more && pace_ms == 0 && frames_.size() < batch_bytes) then = player_->next(frames_);
      send(frames_);
      if (then != Then::more) return end_by(then);
      if (pace_ms > 0) break;
    }
    wait_ms(pace_ms, &DemoHandler::play);
  }

  void wait_ms(uint32_t ms, void (DemoHandler::*then)()) {
    due_ = then;
    if (timer_ == nullptr) timer_ = std::make_unique<net::Timer>(provider_.loop_, [this] { (this->*due_)(); });
    timer_->start(ms);
  }

  // Must be the last step; `farewell` may end the handler's use.
  template <typename Farewell>
  void end(Farewell farewell) {
    if (timer_) timer_->stop();
    player_.reset();
    farewell();
  }

  DemoProvider& provider_;
  const http::RequestHead& head_;
  http::Responder& responder_;
  const Result<Found> found_;
  std::optional<Error> error_;
  std::string body_;
  std::string frames_;
  DemoAnswer answer_;
  Orders orders_;
  std::unique_ptr<FramePlayer> player_;
  void (DemoHandler::*due_)() = nullptr;
  std::unique_ptr<net::Timer> timer_;
  bool stalled_ = false;
};

DemoProvider::DemoProvider(net::Loop& loop, DemoOptions options) : loop_(loop), options_(std::move(options)) {
  if (!options_.memory) options_.memory = std::make_shared<DemoMemory>();
}

DemoProvider::~DemoProvider() = default;

std::unique_ptr<http::RequestHandler> DemoProvider::handle(const http::RequestHead& head, http::Responder& responder) {
  return std::make_unique<DemoHandler>(*this, head, responder);
}

void DemoProvider::render_error(const http::RequestHead& head, const Error& error, http::Fields& fields,
                                std::string& body) {
  fields.add("content-type", "application/json");
  fields.add("date", http_date(loop_.clock().unix_s()));
  body = api::error_body(dialect_of(head), error, {});
}

// splitmix64: for one seed, different counts give different ids.
std::string DemoProvider::next_id() {
  uint64_t z = options_.seed + ++answers_ * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  z ^= z >> 31;
  std::array<unsigned char, 8> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(z >> (56 - 8 * i));
  return hex(bytes);
}

}  // namespace sluice::demo
