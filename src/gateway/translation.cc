#include "gateway/translation.h"

#include <algorithm>
#include <span>
#include <utility>

#include "api/dialect.h"
#include "api/percent.h"
#include "base/give_back.h"
#include "base/text.h"
#include "policy/caller_keys.h"

namespace sluice::gateway {
namespace {

// Whose opaque data is: provider, credential and model. The digest tells nothing of the credential.
api::Origin origin_of(const routing::Target& target, Dialect dialect) {
  constexpr size_t digest_bytes = 8;
  std::string text = target.provider->name;
  for (const std::string_view part : {std::string_view(target.provider->api_key), std::string_view(target.model)}) {
    text += '\n';
    text += part;
  }
  const policy::Digest digest = policy::sha256(text);
  return {dialect, hex(std::span(digest).first(digest_bytes))};
}

tl::unexpected<Error> no_equal(const Question& question, const routing::Target& target) {
  const api::Endpoint& endpoint = *question.match.endpoint;
  return fail(ErrorCode::untranslatable, "'" + target.label() + "' does not speak the " +
                                             std::string(name_of(endpoint.dialect)) + " dialect, and '" +
                                             std::string(endpoint.name) + "' has no equal in " +
                                             std::string(name_of(target.provider->dialects.front())));
}

}  // namespace

Translation::Translation(std::unique_ptr<api::EventReader> reader, std::unique_ptr<api::EventWriter> writer,
                         api::WrittenRequest written, api::Dropped dropped)
    : written_(std::move(written)),
      dropped_(std::move(dropped)),
      reader_(std::move(reader)),
      writer_(std::move(writer)) {
  line_up(nullptr);
}

// The sinks, anew. `mode`: of a splice among them.
void Translation::line_up(const api::SpliceMode* mode) {
  api::EventSink* last = writer_.get();
  if (told_) last = &*told_;
  if (mode != nullptr) last = &splice_.emplace(delivered_, *mode, *last);
  restorer_.emplace(written_.names, sequencer_.emplace(*last));
  guard_.emplace(*restorer_);
}

void Translation::remember(api::Bar asked) {
  delivered_.set_bar(asked);
  told_.emplace(delivered_, api::room_of(dialect_).translation.signs_thinking, writer_.get());
  line_up(nullptr);
}

void Translation::go_on(BrokenAnswer broken) {
  delivered_ = std::move(broken.delivered);
  writer_ = std::move(broken.writer);
  told_.emplace(delivered_, api::room_of(dialect_).translation.signs_thinking, writer_.get());
  line_up(&broken.mode);
}

Result<std::unique_ptr<Translation>> Translation::make(const Question& question, std::string_view query,
                                                       std::string_view body, const routing::Target& target,
                                                       std::string answer_id, int64_t now_unix_s) {
  const api::Endpoint& endpoint = *question.match.endpoint;
  const Dialect dialect = target.provider->dialects.front();
  const api::DialectRoom& callers = api::room_of(endpoint.dialect);
  const api::TranslationRoom& from = callers.translation;
  const api::TranslationRoom& to = api::room_of(dialect).translation;
  const bool can =
      std::find(callers.translated.begin(), callers.translated.end(), endpoint.name) != callers.translated.end();
  if (!can || !from.reads() || !to.writes()) return no_equal(question, target);

  api::ReadContext context{endpoint.name, {}, question.stream};
  std::string url_model;
  if (question.match.model.data() != nullptr) api::append_percent_decoded(url_model, question.match.model);
  context.url_model = url_model;
  Result<std::unique_ptr<api::Request>> request = from.read_request(body, context);
  if (!request) return tl::unexpected<Error>(request.error());
  api::Request& asked = **request;
  asked.stream = question.stream;

  api::Dropped dropped;
  if (Result<void> left = api::leave_behind(asked, dropped); !left) return tl::unexpected<Error>(left.error());
  const api::Origin origin = origin_of(target, dialect);
  const bool is_makers_own = target.provider->name == maker_of(dialect);
  api::WrittenRequest written;
  api::TargetFacts facts = api::facts_for(target.model, origin, is_makers_own);
  facts.asks_usage = target.provider->ask_usage;
  if (target.entry != nullptr && target.entry->default_max_tokens != 0) {
    facts.default_max_tokens = target.entry->default_max_tokens;
  }
  if (Result<void> done = to.write_request(asked, facts, dropped, written); !done) {
    return tl::unexpected<Error>(done.error());
  }
  const bool json_array = question.stream && callers.places.streams_arrays && query.find("alt=sse") == query.npos;
  if (target.entry != nullptr && target.entry->strict_translation && dropped.loses()) {
    return fail(ErrorCode::untranslatable, "'" + target.label() + "' cannot be told all of it: " + dropped.text());
  }
  const api::AnswerShape shape{endpoint.name,        question.stream, json_array,   asked,
                               std::move(answer_id), now_unix_s,      target.model, origin};
  auto translation = std::unique_ptr<Translation>(
      new Translation(to.make_reader(origin), from.make_writer(shape), std::move(written), std::move(dropped)));
  translation->dialect_ = dialect;
  translation->callers_ = endpoint.dialect;
  translation->path_ = to.path(target.model, question.stream);
  translation->stream_ = question.stream;
  translation->json_array_ = json_array;
  return translation;
}

void Translation::forget_request() {
  give_back(written_.body);
  give_back(written_.head_lines);
}

std::string_view Translation::content_type() const {
  if (!stream_ || json_array_) return "application/json";
  return api::room_of(callers_).places.streams_lines ? "application/x-ndjson" : "text/event-stream";
}

}  // namespace sluice::gateway
