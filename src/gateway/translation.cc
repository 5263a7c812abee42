#include "gateway/translation.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "api/continuation.h"
#include "api/dialect.h"
#include "api/history.h"
#include "api/percent.h"
#include "base/give_back.h"
#include "gateway/known_facts.h"
#include "gateway/token_count.h"
#include "net/stream.h"

namespace sluice::gateway {
namespace {

tl::unexpected<Error> no_other(api::Bar bar) {
  return fail(ErrorCode::target_cut,
              "the answer broke off, and no other target can continue it: " + std::string(api::why(bar)));
}

tl::unexpected<Error> no_equal(const Question& question, const routing::Target& target) {
  const api::Endpoint& endpoint = *question.match.endpoint;
  return fail(ErrorCode::untranslatable, "'" + target.label() + "' does not speak the " +
                                             std::string(name_of(endpoint.dialect)) + " dialect, and '" +
                                             std::string(endpoint.name) + "' has no equivalent in " +
                                             std::string(name_of(target.provider->dialects.front())));
}

// An answer that is kept is written twice: as the caller asked for it, and as a whole plain answer.
std::unique_ptr<api::EventWriter> writer_for(const api::TranslationRoom& room, api::AnswerShape& shape,
                                             AnswerKeeper* keeper) {
  if (keeper == nullptr || !keeper->keeps()) return room.make_writer(shape);
  shape.stored = true;
  std::unique_ptr<api::EventWriter> writer = room.make_writer(shape);
  shape.stream = false;
  shape.keeps_opaque = true;
  return keeper->keeping(std::move(writer), room.make_writer(shape));
}

// A rescued answer is whole only here, so it is kept here. If it was kept from the beginning, its writer already does
// that.
AnswerKeeper* keeper_of(const Rescue& rescue, AnswerKeeper* keeper) {
  if (rescue.broken == nullptr || keeper == nullptr) return keeper;
  return rescue.broken->writer == nullptr && !keeper->goes_on_elsewhere() ? keeper : nullptr;
}

std::string with_room(size_t bytes) {
  std::string text;
  text.reserve(bytes);
  return text;
}

bool has(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What kind of result the caller wants.
enum class Wanted : unsigned char { nothing_known, answer, count, vectors };

Wanted wanted_at(const api::DialectRoom& callers, std::string_view endpoint) {
  const api::TranslationRoom& room = callers.translation;
  if (has(callers.translated, endpoint)) return room.reads() ? Wanted::answer : Wanted::nothing_known;
  if (room.counts != nullptr && has(room.counts->endpoints, endpoint)) return Wanted::count;
  if (room.embeddings != nullptr && has(room.embeddings->endpoints, endpoint)) return Wanted::vectors;
  return Wanted::nothing_known;
}

// The first of the target's dialects that supports it. nullopt: none does.
std::optional<Dialect> dialect_for(Wanted wanted, const routing::Target& target) {
  for (const Dialect dialect : target.provider->dialects) {
    const api::TranslationRoom& room = api::room_of(dialect).translation;
    const bool fits = wanted == Wanted::vectors ? room.embeddings != nullptr : room.writes();
    if (fits && wanted != Wanted::nothing_known) return dialect;
  }
  return std::nullopt;
}

// A max_tokens that is only there because the target requires one must not affect a count.
api::TargetFacts facts_for_count(api::TargetFacts facts) {
  constexpr uint64_t any_bound = 64'000;
  if (facts.default_max_tokens == 0) facts.default_max_tokens = facts.max_output_tokens.value_or(any_bound);
  return facts;
}

std::unique_ptr<api::EventReader> reader_for(const api::TranslationRoom& to, Wanted wanted, bool is_counted_there,
                                             const api::Origin& origin) {
  if (wanted == Wanted::vectors) return to.embeddings->make_reader();
  return is_counted_there ? api::make_count_reader(to.counts->member) : to.make_reader(origin);
}

std::string path_for(const api::TranslationRoom& to, Wanted wanted, bool is_counted_there, std::string_view model,
                     bool stream) {
  if (wanted == Wanted::vectors) return to.embeddings->path(model);
  return is_counted_there ? to.counts->path(model) : to.path(model, stream);
}

// Replaces the request by the question how many tokens it has. False: the target's API cannot count.
bool make_count(const api::TranslationRoom& to, const api::TargetFacts& facts, api::WrittenRequest& written) {
  const bool counts = to.counts != nullptr && to.counts->write_question != nullptr && facts.is_makers_own;
  if (!counts) return false;
  std::string body;
  to.counts->write_question(written.body, facts, body);
  written.body = std::move(body);
  return true;
}

}  // namespace

Translation::Translation(std::unique_ptr<api::EventReader> reader, std::unique_ptr<api::EventWriter> writer,
                         api::WrittenRequest written, api::Dropped dropped)
    : written_(std::move(written)),
      dropped_(std::move(dropped)),
      reader_(std::move(reader)),
      writer_(std::move(writer)) {
  line_up();
}

// Rebuilds the chain of sinks.
void Translation::line_up() {
  api::EventSink* last = writer_.get();
  if (told_) last = &*told_;
  if (splice_) last = &*splice_;
  restorer_.emplace(written_.names, sequencer_.emplace(*last));
  guard_.emplace(*restorer_);
}

void Translation::remember() {
  delivered_.set_bar(asked_bar_);
  told_.emplace(delivered_, api::room_of(dialect_).translation.signs_thinking, writer_.get());
  line_up();
}

// Takes over the answer that broke off.
Result<void> Translation::take(BrokenAnswer& broken) {
  if (!broken.writer) {
    if (Result<void> resumed = writer_->resume(*broken.sent, broken.delivered); !resumed) return resumed;
    broken.sent.reset();
  } else {
    writer_ = std::move(broken.writer);
  }
  delivered_ = std::move(broken.delivered);
  remember();
  const bool is_new = rung_ == Rung::restarts;
  splice_.emplace(delivered_, is_new ? api::SpliceMode::restarts : api::SpliceMode::continues, *told_);
  line_up();
  return {};
}

namespace {

Rung choose_rung(const Rescue& rescue, const api::Request& asked, const api::TargetFacts& facts) {
  if (rescue.may_continue && api::continues_prefix(asked, facts)) return Rung::continues;
  return rescue.may_ask ? Rung::asks : Rung::restarts;
}

// Turns `asked` into a request for the rest; returns the rung used.
Rung ask_for_rest(const Rescue& rescue, const api::TargetFacts& facts, api::Request& asked) {
  const Rung rung = choose_rung(rescue, asked, facts);
  if (rung == Rung::restarts) return rung;
  const api::GoingOn how = rung == Rung::asks ? api::GoingOn::by_asking : api::GoingOn::by_prefix;
  return api::ask_for_rest(asked, rescue.broken->delivered, how) ? rung : Rung::restarts;
}

// The body that names the model as its URL does; "": the URL does not, or the body names it already.
std::string body_with_name(const Question& question, std::string_view body) {
  const std::optional<api::Edit> name = missing_name(question, body, question.model());
  std::string named;
  if (!name) return named;
  named.reserve(body.size() + name->inserted.size() + net::read_padding_bytes);
  named.append(body.substr(0, name->at)) += name->inserted;
  return named += body.substr(name->at + name->removed);
}

// Whether the request, written in the caller's own dialect, holds all that was added: a prompt, for example, has no
// messages.
bool says_all(const api::TranslationRoom& room, const std::string& body, const api::ReadContext& context,
              const api::Request& asked) {
  const Result<std::unique_ptr<api::Request>> read = room.read_request(body, context);
  return read && (*read)->messages.size() == asked.messages.size();
}

}  // namespace

Result<std::unique_ptr<Translation>> Translation::make(const Question& question, std::string_view query,
                                                       std::string_view body, const routing::Target& target,
                                                       std::string answer_id, int64_t now_unix_s, Rescue rescue,
                                                       AnswerKeeper* keeper, const api::ModelFacts& told) {
  const api::Endpoint& endpoint = *question.match.endpoint;
  const bool is_own = rescue.broken != nullptr && target.provider->speaks(endpoint.dialect);
  const api::DialectRoom& callers = api::room_of(endpoint.dialect);
  const Wanted wanted = wanted_at(callers, endpoint.name);
  const std::optional<Dialect> found = dialect_for(wanted, target);
  if (!found) return no_equal(question, target);
  const Dialect dialect = is_own ? endpoint.dialect : *found;
  const api::TranslationRoom& from = callers.translation;
  const api::TranslationRoom& to = api::room_of(dialect).translation;
  const bool are_vectors = wanted == Wanted::vectors, is_count = wanted == Wanted::count;

  std::string url_model;
  api::append_percent_decoded(url_model, question.match.model);
  api::ReadContext context{endpoint.name, url_model, question.stream};
  const std::string_view given = body;
  const std::string named = body_with_name(question, body);
  if (!named.empty()) body = named;
  if (keeper != nullptr) {
    const Result<void> looked = keeper->look(question.match, body, answer_id);
    if (!looked) return tl::unexpected<Error>(looked.error());
    if (keeper->whole_request() != nullptr) {
      body = *keeper->whole_request();
      context.previous_known = true;
    }
  }
  const auto read = are_vectors ? from.embeddings->read_request : from.read_request;
  Result<std::unique_ptr<api::Request>> request = read(body, context);
  if (!request) return tl::unexpected<Error>(request.error());
  api::Request& asked = **request;
  asked.stream = question.stream;
  if (asked.compacts) api::ask_for_summary(asked);

  api::Dropped dropped;
  api::TargetFacts facts = facts_of(target, dialect, told);
  if (is_count) facts = facts_for_count(std::move(facts));
  if (!is_own) {
    if (Result<void> fits = api::fit_to(facts, asked, dropped); !fits) return tl::unexpected<Error>(fits.error());
  }
  api::WrittenRequest written{with_room(body.size() + 256)};  // usually it is about as long
  const api::Bar asked_bar = api::bar_of(asked);
  if (rescue.broken != nullptr && asked_bar != api::Bar::none) return no_other(asked_bar);
  const Rung rung = rescue.broken != nullptr ? ask_for_rest(rescue, facts, asked) : Rung::restarts;
  const auto write = are_vectors ? to.embeddings->write_request : to.write_request;
  const Result<void> done = write(asked, facts, dropped, written);
  if (is_own && rung != Rung::restarts && (!done || !says_all(from, written.body, context, asked))) {
    rescue.may_continue = rescue.may_ask = false;
    return make(question, query, given, target, std::move(answer_id), now_unix_s, rescue, keeper, told);
  }
  if (!done) return fail(done.error().code, api::in_words(dropped.own(done.error().message), from.words));
  dropped.put_into(from.words);
  const bool json_array = question.stream && callers.places.streams_arrays && query.find("alt=sse") == query.npos;
  if (target.entry != nullptr && target.entry->strict_translation && dropped.loses()) {
    return fail(ErrorCode::untranslatable, "'" + target.label() + "' cannot take the full request: " + dropped.text());
  }
  const bool is_counted_there = is_count && make_count(to, facts, written);
  api::AnswerShape shape{endpoint.name,        question.stream, json_array,   asked,
                         std::move(answer_id), now_unix_s,      target.model, facts.origin};
  auto reader = reader_for(to, wanted, is_counted_there, facts.origin);
  auto writer = are_vectors ? from.embeddings->make_writer(shape)
                : is_count  ? api::make_count_writer(*from.counts, endpoint.dialect)
                            : writer_for(from, shape, keeper_of(rescue, keeper));
  auto translation = std::unique_ptr<Translation>(
      new Translation(std::move(reader), std::move(writer), std::move(written), std::move(dropped)));
  translation->dialect_ = dialect;
  translation->callers_ = endpoint.dialect;
  translation->path_ = path_for(to, wanted, is_counted_there, target.model, question.stream);
  translation->stream_ = question.stream;
  translation->json_array_ = json_array;
  if (is_count && !is_counted_there) from.counts->write_answer(estimated_input_tokens(body), translation->estimate_);
  translation->asked_bar_ = asked_bar;
  translation->rung_ = rung;
  if (rescue.broken != nullptr) {
    if (Result<void> taken = translation->take(*rescue.broken); !taken) return tl::unexpected<Error>(taken.error());
  }
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
