#include "gateway/list_call.h"

#include <algorithm>
#include <utility>

#include "api/dialect.h"
#include "gateway/redirect.h"
#include "http/writer.h"

namespace sluice::gateway {

namespace {

std::string first_path(const config::Provider& provider) {
  const Dialect dialect = provider.dialects.front();
  return std::string(provider.path_for(dialect)) + std::string(api::room_of(dialect).model_question.path);
}

}  // namespace

std::string list_request(const ProviderLink& link, size_t key, std::string_view path) {
  const http::Field& field = api::room_of(link.provider.dialects.front()).model_question.field;
  std::string request;
  http::write_request_line(request, http::Method::get, path.empty() ? first_path(link.provider) : std::string(path));
  request += link.fixed_fields(key);
  http::write_field(request, "accept", "application/json");
  if (!link.sets("user-agent")) http::write_field(request, "user-agent", "sluice/" SLUICE_VERSION);
  if (!field.name.empty() && !link.sets(field.name)) http::write_field(request, field.name, field.value);
  http::end_head(request);
  return request;
}

ListCall::ListCall(net::Loop& loop, ProviderLink& link, std::function<void()> done)
    : loop_(loop),
      link_(link),
      done_(std::move(done)),
      dialect_(link.provider.dialects.front()),
      call_(loop, *link.pool, *this) {}

void ListCall::start(uint32_t max_ms) {
  const api::DialectRoom& room = api::room_of(dialect_);
  reader_.emplace(room.model_question, room.model_prefix);
  problem_.clear();
  list_.clear();
  deadline_ms_ = loop_.now_ms() + max_ms;
  bytes_ = pages_ = 0;
  refused_keys_ = 0;
  cut_ = redirected_ = too_much_ = false;
  under_way_ = true;
  ask(first_path(link_.provider));
}

void ListCall::ask(std::string_view path) {
  path_ = path;
  request_ = list_request(link_, key_, path_);
  inflater_.reset();
  unreadable_ = false;
  reader_->begin_page();
  const uint64_t now_ms = loop_.now_ms();
  page_bytes_ = max_bytes - std::min(bytes_, max_bytes - 1);
  call_.start(request_, {.connect_ms = link_.provider.timeouts.connect_ms,
                         .whole_ms = static_cast<uint32_t>(deadline_ms_ > now_ms ? deadline_ms_ - now_ms : 1),
                         .body_bytes = page_bytes_});
}

void ListCall::on_call_head(const http::ResponseHead& head) {
  status_ = head.status;
  location_ = head.fields.find("location").value_or("");
  const std::string_view coding = head.fields.find("content-encoding").value_or("identity");
  if (http::same_name(coding, "identity")) return;
  const std::optional<http::Coding> known = http::coding_named(coding);
  unreadable_ = !known;
  if (known) inflater_.emplace(*known, http::InflaterLimits{}, Fault::target);
}

void ListCall::on_call_body(std::string_view bytes) {
  bytes_ += bytes.size();
  if (status_ != 200 || unreadable_ || too_much_) return;
  unreadable_ = !read(bytes);
}

// Inflated bytes count too, so that a small compressed body cannot become a huge one to parse.
Result<void> ListCall::read(std::string_view bytes) {
  if (!inflater_) {
    reader_->feed(bytes);
    return {};
  }
  std::string text;
  for (bool again = true; again && !too_much_;) {
    text.clear();
    const Result<bool> stepped = inflater_->step(bytes, text);
    if (!stepped) return tl::unexpected<Error>(stepped.error());
    again = *stepped;
    bytes_ += text.size();
    too_much_ = bytes_ > max_bytes;
    reader_->feed(text);
  }
  return {};
}

void ListCall::on_call_end() {
  if (status_ / 100 == 3 && !location_.empty()) {
    const Redirect redirect = read_redirect(link_.provider.base_url, path_, status_, location_);
    if (redirect.path.empty() || std::exchange(redirected_, true)) return end(redirect.what);
    return ask(redirect.path);
  }
  if (status_ != 200 && takes_other_key()) return ask(std::string(path_));
  if (status_ != 200) return end("answered " + std::to_string(status_));
  if (unreadable_) return end("answered in a coding that cannot be read");
  end_page(too_much_);
}

// A refused credential says nothing about the list, so the next one is tried. The one that works is used first next
// time.
bool ListCall::takes_other_key() {
  constexpr int unauthorized = 401, unpaid = 402, forbidden = 403, limited = 429;
  const bool of_key = status_ == unauthorized || status_ == unpaid || status_ == forbidden || status_ == limited;
  if (!of_key || ++refused_keys_ >= link_.provider.key_count()) return false;
  key_ = (key_ + 1) % link_.provider.key_count();
  return true;
}

void ListCall::on_call_failed(const Error& error) {
  const bool too_large = error.code == ErrorCode::target_broke && call_.bytes_in() > page_bytes_;
  if (too_large && status_ == 200 && !unreadable_) return end_page(true);
  end(error.message);
}

void ListCall::end_page(bool cut) {
  if (const Result<void> page = reader_->end_page(cut); !page) return end(page.error().message);
  std::string next = reader_->next_path();
  const bool more = !next.empty() && !cut;
  if (more && ++pages_ < max_pages && !reader_->cut()) {
    return ask(std::string(link_.provider.path_for(dialect_)) + next);
  }
  cut_ = cut || more || reader_->cut();
  list_ = reader_->take();
  end({});
}

void ListCall::end(std::string problem) {
  problem_ = std::move(problem);
  reader_.reset();
  inflater_.reset();
  under_way_ = false;
  done_();
}

}  // namespace sluice::gateway
