#include "gateway/request_body.h"

#include <algorithm>

#include "api/media_type.h"
#include "net/stream.h"

namespace sluice::gateway {

using http::BodyFraming;
using net::WriteMarks;

namespace {

// So much is reserved at once for a body that is announced; more only as it arrives.
constexpr uint64_t first_room = 64 * 1024;

}  // namespace

Result<void> RequestBody::begin(const http::RequestHead& head, const api::Endpoint& endpoint, uint64_t most_bytes) {
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
  if (twice) return fail(ErrorCode::bad_request, "content-type and content-encoding may each stand there once");
  if (head.framing == BodyFraming::length) announced_ = head.content_length;
  may_go_on_ = head.framing == BodyFraming::length;
  if (!coding.empty() && !http::same_name(coding, "identity")) {
    if (Result<void> good = begin_coded(coding, most_bytes); !good) return good;
  }
  return begin_typed(type, endpoint.model_in);
}

Result<void> RequestBody::begin_typed(std::string_view type, api::ModelIn model_in) {
  using api::BodyType;
  using api::ModelIn;
  const bool takes_form = model_in == ModelIn::multipart_body;
  if (model_in == ModelIn::nowhere || (type.empty() && !takes_form)) {
    is_json_ = model_in != ModelIn::nowhere;
    return {};
  }
  const Result<BodyType> told = api::body_type_of(type);
  if (!told) return tl::unexpected<Error>(told.error());
  if (takes_form && *told == BodyType::form_data) {
    auto peeker = api::MultipartPeeker::create(type);
    if (!peeker) return tl::unexpected<Error>(peeker.error());
    multipart_ = std::make_unique<api::MultipartPeeker>(std::move(*peeker));
    return {};
  }
  if (takes_form && *told != BodyType::json) {
    return fail(ErrorCode::bad_request, "this path takes content-type multipart/form-data or application/json");
  }
  is_json_ = true;
  retyped_ = *told != BodyType::json;
  return {};
}

Result<void> RequestBody::begin_coded(std::string_view coding, uint64_t most_bytes) {
  const std::optional<http::Coding> known = http::coding_named(coding);
  if (!known) {
    return fail(ErrorCode::unsupported_coding, "request bodies in content-encoding '" +
                                                   std::string(coding.substr(0, 100)) +
                                                   "' are not understood; gzip, deflate, zstd and identity are");
  }
  http::InflaterLimits limits;
  limits.bytes = most_bytes;
  inflater_ = std::make_unique<http::Inflater>(*known, limits);
  inflated_ = true;
  may_go_on_ = false;
  announced_ = 0;
  return {};
}

Result<void> RequestBody::add(std::string_view bytes) {
  if (inflater_) return inflate(bytes);
  if (Result<void> room = make_room(bytes.size()); !room) return room;
  bytes_ += bytes;
  if (multipart_) return multipart_->feed(bytes);
  return {};
}

Result<void> RequestBody::look_at(std::string_view bytes) {
  return multipart_ ? multipart_->feed(bytes) : Result<void>();
}

Result<void> RequestBody::inflate(std::string_view bytes) {
  for (bool more = !bytes.empty(); more;) {
    if (Result<void> room = make_room(http::Inflater::window_bytes); !room) return room;
    const size_t before = bytes_.size();
    const Result<bool> step = inflater_->step(bytes, bytes_);
    if (!step) return tl::unexpected<Error>(step.error());
    more = *step;
    if (!hold_.resize(room_ + inflater_->memory_bytes())) return no_memory();
    if (!multipart_) continue;
    if (Result<void> good = multipart_->feed(std::string_view(bytes_).substr(before)); !good) return good;
  }
  return {};
}

Result<void> RequestBody::end() {
  if (inflater_) {
    if (Result<void> whole = inflater_->finish(); !whole) return whole;
    inflater_.reset();
    hold_.resize(room_);
  }
  if (multipart_ && !multipart_->done()) {
    return fail(ErrorCode::bad_request, "the multipart body has no closing boundary");
  }
  return make_room(0);
}

Result<void> RequestBody::make_room(size_t bytes) {
  const size_t needed = bytes_.size() + bytes + net::read_padding_bytes;
  return needed <= room_ ? Result<void>() : grow(needed);
}

// By doubling, but not beyond what is announced: a head alone takes little.
Result<void> RequestBody::grow(size_t needed) {
  uint64_t room = std::max<uint64_t>({needed, 2 * room_, std::min(announced_ + net::read_padding_bytes, first_room)});
  if (announced_ + net::read_padding_bytes >= needed) room = std::min(room, announced_ + net::read_padding_bytes);
  const uint64_t others = inflater_ ? inflater_->memory_bytes() : 0;
  if (!hold_.resize(room + others)) return no_memory();
  bytes_.reserve(room);
  room_ = room;
  return {};
}

// What is written and not yet taken lies in memory a second time.
Result<void> RequestBody::prepare_sending(bool goes_on) {
  constexpr uint64_t most_copied = 2 * WriteMarks::high_bytes;
  uint64_t copied = bytes_.size() > WriteMarks::low_bytes ? std::min<uint64_t>(bytes_.size(), most_copied) : 0;
  if (goes_on) copied = 2 * most_copied;  // also what has arrived and cannot be written yet
  if (copied != 0 && !hold_.resize(room_ + copied)) return no_memory();
  return {};
}

void RequestBody::forget() {
  bytes_ = {};
  room_ = 0;
  hold_.resize(0);
}

tl::unexpected<Error> RequestBody::no_memory() const {
  return fail(ErrorCode::overloaded,
              "the requests under way take all the memory that limits.buffered_mb allows their bodies; try again in a "
              "moment");
}

}  // namespace sluice::gateway
