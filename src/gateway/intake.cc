#include "gateway/intake.h"

#include <algorithm>
#include <array>

#include "api/media_type.h"
#include "api/percent.h"
#include "base/text.h"
#include "http/writer.h"
#include "net/stream.h"

namespace sluice::gateway {

using http::BodyFraming;
using net::WriteMarks;

namespace {

// Reserved immediately for a body of known length; more is reserved as it arrives.
constexpr uint64_t first_room = 64 * 1024;
// A body that passes unread is gathered up to this size, so that a small one can be sent again. A larger one is
// streamed.
constexpr uint64_t max_unread = 64 * 1024;
constexpr std::string_view chunk_end = "\r\n";

}  // namespace

Result<void> Intake::begin(const http::RequestHead& head, const api::Match& match, uint64_t max_bytes) {
  question_.match = match;
  const api::ModelIn model_in = match.endpoint->model_in;
  if (model_in == api::ModelIn::json_body && head.framing == BodyFraming::none) {
    return fail(ErrorCode::length_required,
                "this path needs a JSON body, with Content-Length or Transfer-Encoding: chunked");
  }
  if (model_in != api::ModelIn::nowhere && !head.query().empty()) {
    if (const Result<void> fine = api::check_query(head.query()); !fine) return fine;
  }
  std::string_view type, coding;
  bool twice = false;
  for (size_t i = 0; i < head.fields.size(); ++i) {
    const http::Field field = head.fields[i];
    if (field.name.size() == 12 && http::same_name(field.name, "content-type")) {
      twice = twice || type.data() != nullptr;
      type = field.value;
    } else if (field.name.size() == 16 && http::same_name(field.name, "content-encoding")) {
      twice = twice || coding.data() != nullptr;
      coding = field.value;
    }
  }
  if (twice) return fail(ErrorCode::bad_request, "content-type and content-encoding may each occur only once");
  if (head.framing == BodyFraming::length) announced_ = head.content_length;
  may_go_on_ = head.framing == BodyFraming::length;
  max_bytes_ = max_bytes;
  if (model_in == api::ModelIn::nowhere) {  // passes unchanged, in any coding and of any size
    if (head.framing != BodyFraming::none) upload_ = std::make_unique<Upload>();
    return {};
  }
  if (announced_ > max_bytes) return too_large();
  if (!coding.empty() && !http::same_name(coding, "identity")) {
    if (Result<void> good = begin_coded(coding, max_bytes); !good) return good;
  }
  return begin_typed(type, model_in);
}

Result<void> Intake::begin_typed(std::string_view type, api::ModelIn model_in) {
  using api::BodyType;
  using api::ModelIn;
  const bool takes_form = model_in == ModelIn::multipart_body;
  if (type.empty() && !takes_form) {
    is_json_ = true;
    return {};
  }
  const Result<BodyType> told = api::body_type_of(type);
  if (!told) return tl::unexpected<Error>(told.error());
  if (takes_form && *told == BodyType::form_data) {
    auto peeker = api::MultipartPeeker::create(type);
    if (!peeker) return tl::unexpected<Error>(peeker.error());
    upload_ = std::make_unique<Upload>();
    upload_->peeker = std::move(*peeker);
    return {};
  }
  if (takes_form && *told != BodyType::json) {
    return fail(ErrorCode::bad_request, "this path takes content-type multipart/form-data or application/json");
  }
  is_json_ = true;
  retyped_ = *told != BodyType::json;
  return {};
}

Result<void> Intake::begin_coded(std::string_view coding, uint64_t max_bytes) {
  const std::optional<http::Coding> known = http::coding_named(coding);
  if (!known) {
    return fail(ErrorCode::unsupported_coding, "request bodies in content-encoding '" +
                                                   std::string(cut_to(coding, 100)) +
                                                   "' are not supported; use gzip, deflate, zstd or identity");
  }
  http::InflaterLimits limits;
  limits.bytes = max_bytes;
  inflater_ = std::make_unique<http::Inflater>(*known, limits);
  inflated_ = true;
  may_go_on_ = false;
  announced_ = 0;
  return {};
}

Result<bool> Intake::add(std::string_view bytes) {
  if (goes_on_) {  // scanned, not kept
    const Result<void> fine = is_form() ? upload_->peeker->feed(bytes) : Result<void>();
    if (!fine) return tl::unexpected<Error>(fine.error());
    upload_->rest += bytes;
    return false;
  }
  if (const Result<void> fine = gather(bytes); !fine) return tl::unexpected<Error>(fine.error());
  if (upload_) goes_on_ = is_form() ? may_go_on_ && upload_->peeker->found() : bytes_.size() > max_unread;
  if (goes_on_ && is_form()) {
    if (const Result<void> fine = ask_form(); !fine) return tl::unexpected<Error>(fine.error());
  }
  return goes_on_;
}

Result<void> Intake::gather(std::string_view bytes) {
  if (inflater_) return inflate(bytes);
  if (bytes_.size() + bytes.size() > max_bytes_ && (!upload_ || is_form())) return too_large();
  if (Result<void> room = make_room(bytes.size()); !room) return room;
  bytes_.append(bytes);
  if (is_form()) return upload_->peeker->feed(bytes);
  return {};
}

Result<void> Intake::inflate(std::string_view bytes) {
  std::string step;
  for (bool more = !bytes.empty(); more;) {
    if (Result<void> room = make_room(http::Inflater::window_bytes); !room) return room;
    step.clear();
    const Result<bool> taken = inflater_->step(bytes, step);
    if (!taken) return tl::unexpected<Error>(taken.error());
    more = *taken;
    bytes_.append(step);
    if (!hold_.resize(bytes_.capacity() + inflater_->memory_bytes())) return no_memory();
    if (!is_form()) continue;
    if (Result<void> good = upload_->peeker->feed(step); !good) return good;
  }
  return {};
}

// Only for a body that is stored unchanged and has a content-length.
std::span<char> Intake::room(uint64_t left) {
  if (announced_ == 0 || goes_on_ || !make_room(std::min<uint64_t>(left, first_room))) return {};
  const std::span<char> behind = bytes_.room();
  return behind.first(behind.size() - net::read_padding_bytes);
}

Result<bool> Intake::end() {
  ended_ = true;
  if (inflater_) {
    if (Result<void> whole = inflater_->finish(); !whole) return tl::unexpected<Error>(whole.error());
    inflater_.reset();
    hold_.resize(bytes_.capacity());
  }
  if (is_form() && !upload_->peeker->done()) {
    return fail(ErrorCode::bad_request, "the multipart body has no closing boundary");
  }
  if (const Result<void> room = make_room(0); !room) return tl::unexpected<Error>(room.error());
  if (goes_on_) return false;
  if (const Result<void> fine = read_question(); !fine) return tl::unexpected<Error>(fine.error());
  return true;
}

// The whole body has arrived.
Result<void> Intake::read_question() {
  const api::Endpoint& endpoint = *question_.match.endpoint;
  if (endpoint.model_in == api::ModelIn::url) {  // and perhaps in the body too
    question_.named = Question::Named::in_url;
    question_.stream = endpoint.streams;
    api::append_percent_decoded(question_.peek.model, question_.match.model);
  } else if (is_json_) {
    return read_json();
  } else if (is_form()) {
    return ask_form();
  }
  return {};
}

Result<void> Intake::read_json() {
  const api::Endpoint& endpoint = *question_.match.endpoint;
  Result<api::Peek> peek = api::peek_request(bytes_.view(), endpoint.dialect);
  if (!peek) return tl::unexpected<Error>(peek.error());
  question_.named = Question::Named::in_json;
  question_.stream = peek->stream && endpoint.streams;
  question_.peek = std::move(*peek);
  return question_.match.deployment.empty() ? Result<void>() : name_by_url();
}

// The URL names the model, and the body may do so too.
Result<void> Intake::name_by_url() {
  std::string deployment;
  api::append_percent_decoded(deployment, question_.match.deployment);
  std::string& model = question_.peek.model;
  if (!model.empty() && model != deployment) {
    return fail(ErrorCode::bad_request, "`model` names another model than the URL does");
  }
  model = std::move(deployment);
  return {};
}

Result<void> Intake::ask_form() {
  const api::MultipartPeeker& peeker = *upload_->peeker;
  const bool by_url = !question_.match.deployment.empty();
  if (!peeker.found() && !by_url) return {};
  question_.named = Question::Named::in_form;
  question_.peek.model = peeker.model();
  question_.peek.model_at = peeker.found() ? peeker.model_at() : peeker.first_at();
  question_.peek.model_bytes = peeker.model().size();
  if (!by_url) return {};
  if (!peeker.found()) question_.form_opening = peeker.opening();
  if (const Result<void> named = name_by_url(); !named) return named;
  for (const char c : question_.peek.model) {  // a line break could begin another part
    if (c >= '\0' && c < ' ') return fail(ErrorCode::bad_request, "the model's name in the URL is not valid");
  }
  return {};
}

Result<void> Intake::make_room(size_t bytes) {
  const size_t needed = bytes_.size() + bytes + net::read_padding_bytes;
  return needed <= bytes_.capacity() ? Result<void>() : grow(needed);
}

// Grows by doubling; if the length is known, fourfold but not beyond it. A head that merely announces a large body thus
// costs little memory.
Result<void> Intake::grow(size_t needed) {
  const uint64_t announced = announced_ + net::read_padding_bytes;
  const uint64_t more = (announced_ != 0 ? 4 : 2) * uint64_t{bytes_.capacity()};
  uint64_t room = std::max<uint64_t>({needed, more, std::min(announced, first_room)});
  if (announced >= needed) room = std::min(room, announced);
  const uint64_t others = inflater_ ? inflater_->memory_bytes() : 0;
  if (!hold_.resize(room + others)) return no_memory();
  bytes_.reserve(room);
  return {};
}

// Counts bytes twice that are written but not yet taken by the target: they are copied.
Result<void> Intake::prepare_sending() {
  constexpr uint64_t max_copied = 2 * WriteMarks::high_bytes;
  uint64_t copied = bytes_.size() > WriteMarks::low_bytes ? std::min<uint64_t>(bytes_.size(), max_copied) : 0;
  if (goes_on_) copied = 2 * max_copied;  // also what has arrived but cannot be written yet
  if (copied != 0 && !hold_.resize(bytes_.capacity() + copied)) return no_memory();
  return {};
}

std::optional<uint64_t> Intake::bytes_with(const std::vector<api::Edit>& edits) const {
  const uint64_t edited = api::size_after(bytes_.view(), edits);
  if (!goes_on_) return edited;
  if (chunked()) return std::nullopt;
  return announced_ - bytes_.size() + edited;
}

void Intake::append_to(std::vector<std::string_view>& pieces, const std::vector<api::Edit>& edits) const {
  if (!goes_on_ || !chunked()) return api::apply(bytes_.view(), edits, pieces);
  upload_->chunk_line = http::ChunkLine(bytes_.size()).view();
  pieces.insert(pieces.end(), {upload_->chunk_line, bytes_.view(), chunk_end});
}

void Intake::pass_on(Attempt* attempt, http::Responder& responder) {
  if (!goes_on_) return;
  std::string& rest = upload_->rest;
  if (attempt == nullptr || attempt->congested()) {
    if (rest.size() > WriteMarks::high_bytes) responder.pause_body();
    return;
  }
  if (!rest.empty() || ended_) {
    const http::ChunkLine line(rest.size());
    std::array<std::string_view, 4> pieces;
    size_t count = 0;
    if (!rest.empty() && chunked()) pieces[count++] = line.view();
    if (!rest.empty()) pieces[count++] = rest;
    if (!rest.empty() && chunked()) pieces[count++] = chunk_end;
    if (ended_ && chunked()) pieces[count++] = http::last_chunk;
    attempt->send_more(std::span<const std::string_view>(pieces.data(), count), ended_);
    rest.clear();
  }
  if (attempt->congested()) {
    responder.pause_body();
  } else {
    responder.resume_body();
  }
}

void Intake::forget() {
  bytes_.release();
  hold_.resize(0);
}

tl::unexpected<Error> Intake::too_large() const {
  return fail(ErrorCode::body_too_large, "the body is larger than " + std::to_string(max_bytes_) + " bytes");
}

tl::unexpected<Error> Intake::no_memory() const {
  return fail(ErrorCode::overloaded,
              "the requests under way take all the memory that limits.buffered_mb allows their bodies; try again in a "
              "moment");
}

}  // namespace sluice::gateway
