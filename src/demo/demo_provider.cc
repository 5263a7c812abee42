#include "demo/demo_provider.h"

#include <array>
#include <utility>

#include "base/give_back.h"
#include "base/text.h"
#include "base/time_text.h"
#include "demo/endpoint.h"
#include "net/stream.h"

namespace sluice::demo {

namespace {

constexpr size_t batch_bytes = 64 * 1024;  // of frames in one write, where they are not paced
constexpr size_t batches_per_turn = 8;     // so that one long answer does not hold up the loop

}  // namespace

// One request: gathers the body, has the endpoint answer it, and plays the answer at the pace.
//   gathering --on_body_end--> answered | playing --last frame--> answered
class DemoHandler final : public http::RequestHandler {
 public:
  DemoHandler(DemoProvider& provider, const http::RequestHead& head, http::Responder& responder)
      : provider_(provider), head_(head), responder_(responder), found_(find_endpoint(head.method, head.path())) {
    if (!found_) error_ = found_.error();
  }

  void on_body(std::string_view bytes) override {
    if (error_) return;  // told when the body is over, so that the connection can live on
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
    Result<DemoAnswer> answer = found_->endpoint->answer(
        {head_, body_, found_->name, provider_.next_id(), provider_.loop_.clock().unix_s(), provider_.options_.memory});
    give_back(body_);
    if (!answer) return refuse(answer.error());
    http::Fields fields;
    fields.add("content-type", answer->content_type);
    fields.add("date", http_date(provider_.loop_.clock().unix_s()));
    if (answer->script == nullptr) return respond(200, fields, answer->body);
    script_ = std::move(answer->script);
    responder_.send_head(200, fields, {});
    play();
  }

  void on_request_broken(const Error& error) override {
    if (responder_.head_sent()) return end([this] { responder_.abort(); });
    refuse(error);
  }

  void on_drained() override {
    if (script_ && stalled_) play();
  }

  void on_caller_gone(const Error&) override {
    end([] {});
  }

 private:
  void refuse(const Error& error) {
    http::Fields fields;
    fields.add("content-type", "application/json");
    fields.add("date", http_date(provider_.loop_.clock().unix_s()));
    if (error.code == ErrorCode::method_not_allowed) fields.add("allow", allowed_methods(head_.path()));
    respond(http_status(error.code), fields, error_body(dialect_of(head_), error));
  }

  void respond(int status, const http::Fields& fields, std::string_view body) {
    responder_.send_head(status, fields, {body.size()});
    responder_.send_body(std::array<std::string_view, 1>{body});
    end([this] { responder_.finish(); });
  }

  // Sends the frames that are due; with a caller that does not take them, waits for on_drained.
  void play() {
    stalled_ = false;
    const uint32_t pace_ms = provider_.options_.pace_ms;
    for (size_t batch = 0; batch < batches_per_turn; ++batch) {
      if (responder_.pending_bytes() > net::WriteMarks::high_bytes) {
        stalled_ = true;
        return;
      }
      frames_.clear();
      bool more = script_->next(frames_);
      while (more && pace_ms == 0 && frames_.size() < batch_bytes) more = script_->next(frames_);
      responder_.send_body(std::array<std::string_view, 1>{frames_});
      if (!more) return end([this] { responder_.finish(); });
      if (pace_ms > 0) break;
    }
    if (timer_ == nullptr) timer_ = std::make_unique<net::Timer>(provider_.loop_, [this] { play(); });
    timer_->start(pace_ms);
  }

  // The last thing this does; `farewell` may be the end of the handler's use.
  template <typename Farewell>
  void end(Farewell farewell) {
    if (timer_) timer_->stop();
    script_.reset();
    farewell();
  }

  DemoProvider& provider_;
  const http::RequestHead& head_;
  http::Responder& responder_;
  const Result<Found> found_;
  std::optional<Error> error_;
  std::string body_;
  std::string frames_;
  std::unique_ptr<Script> script_;
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
  body = error_body(dialect_of(head), error);
}

// splitmix64: for one seed no two counts give the same.
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
