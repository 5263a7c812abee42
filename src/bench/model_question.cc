#include "bench/model_question.h"

#include <algorithm>

#include "api/json_unescape.h"
#include "bench/failure.h"
#include "bench/request.h"

namespace sluice::bench {
namespace {

constexpr uint8_t data_node = 1, id_node = 2;
constexpr api::ScanEdge list_edges[] = {{0, "data", data_node}, {data_node, "id", id_node}};

const api::ScanTree& list_places() {
  static constexpr api::ScanTree tree(list_edges);
  return tree;
}

// Parts of names of models that cannot chat.
constexpr std::string_view other_kinds[] = {"embed",      "whisper",  "tts",   "dall-e",     "image",   "moderation",
                                            "transcribe", "realtime", "audio", "davinci-00", "babbage", "rerank"};

bool may_chat(std::string_view name) {
  return std::none_of(std::begin(other_kinds), std::end(other_kinds),
                      [name](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

}  // namespace

ModelList::ModelList() : scan_(list_places()) {}

void ModelList::on_value(uint8_t node, api::JsonKind kind, std::string_view text) {
  if (node != id_node || kind != api::JsonKind::string || text.empty()) return;
  ++count_;
  if (!choice_.empty()) return;
  std::string name;
  if (!api::append_json_unescaped(name, text)) return;
  if (first_.empty()) first_ = name;
  if (may_chat(name)) choice_ = std::move(name);
}

ModelQuestion::ModelQuestion(net::Loop& loop, http::OutboundPool& pool, const Options& options)
    : options_(options), request_(models_request(options)), call_(loop, pool, *this) {}

void ModelQuestion::start() { call_.start(request_, {.whole_ms = options_.timeout_ms}); }

void ModelQuestion::on_call_body(std::string_view bytes) {
  kept_ += bytes.substr(0, kept_bytes - kept_.size());
  models_.feed(bytes);
}

void ModelQuestion::on_call_end() {
  done_ = true;
  const std::string asked = "GET " + options_.target.url_of(options_.target.models_path());
  const std::string name_one = "; name a model with --model";
  if (status_ / 100 == 2) {
    if (models_.choice().empty() || !models_.whole()) problem_ = asked + " lists no models" + name_one;
    return;
  }
  problem_ = asked + " answered " + std::to_string(status_) + ": " +
             shown(error_text(kept_), options_.key, Failures::message_bytes);
  if (status_ != 401 && status_ != 403) {
    problem_ += name_one;
  } else if (options_.key.empty()) {
    const bool anthropic = options_.dialect == Dialect::anthropic;
    problem_ += std::string("; put the key into $") + (anthropic ? "ANTHROPIC_API_KEY" : "OPENAI_API_KEY") +
                ", or name the variable that holds it with --key-env";
  } else {
    problem_ += "; is the key in $" + options_.key_variable + " the right one?";
  }
}

void ModelQuestion::on_call_failed(const Error& error) {
  done_ = true;
  problem_ = unreachable(options_, error);
}

std::string unreachable(const Options& options, const Error& error) {
  std::string text =
      "no answer from " + options.target.url_of("") + ": " + shown(error.message, options.key, Failures::message_bytes);
  switch (error.code) {
    case ErrorCode::target_unresolved:
      return text + "; is the host's name right?";
    case ErrorCode::target_tls:
      return text + "; --ca-file names the authorities to trust, http:// is for a target without TLS";
    case ErrorCode::target_broke:
      return text + "; is it an HTTP" + (options.target.url.tls ? "" : " (or rather an https://)") + " port?";
    case ErrorCode::overloaded:
      return text + "; use fewer --connections";
    default:
      return text + "; is it running, and are host and port right?";
  }
}

}  // namespace sluice::bench
