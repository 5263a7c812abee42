#include "gateway/resume.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "api/media_type.h"
#include "base/text.h"
#include "gateway/request_id.h"

namespace sluice::gateway {
namespace {

constexpr std::string_view event_id_prefix = "sluice-";
constexpr size_t tag_digits = 16;
constexpr std::string_view forms =
    "allowed: `sluice-resume: REQUEST-ID` or `sluice-resume: REQUEST-ID; after=NUMBER`, and `last-event-id` as an "
    "event of the stream gave it";

// The whole of `text` as a number.
template <typename Number>
std::optional<Number> number_in(std::string_view text, int base) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

tl::unexpected<Error> not_understood(std::string_view field, std::string_view value) {
  return fail(ErrorCode::bad_request,
              std::string(field) + ": found \"" + std::string(cut_to(value, 64)) + "\" (" + std::string(forms) + ")");
}

Result<void> read_event_id(std::string_view id, ResumeAsked& asked) {
  std::string_view rest = id.substr(event_id_prefix.size());
  const std::string_view tag = rest.substr(0, tag_digits);
  rest.remove_prefix(tag.size());
  asked.tag = tag.size() == tag_digits ? number_in<uint64_t>(tag, 16) : std::nullopt;
  if (!asked.tag || !rest.starts_with('-')) return not_understood("last-event-id", id);
  asked.after_frame = number_in<uint64_t>(rest.substr(1), 10);
  if (!asked.after_frame) return not_understood("last-event-id", id);
  return {};
}

Result<void> read_resume(std::string_view value, ResumeAsked& asked) {
  constexpr std::string_view after = "after=";
  const size_t semicolon = value.find(';');
  asked.request_id = trim(value.substr(0, semicolon));
  if (!RequestIds::usable(asked.request_id)) return not_understood("sluice-resume", value);
  if (semicolon == value.npos) return {};
  const std::string_view rest = trim(value.substr(semicolon + 1));
  if (!rest.starts_with(after)) return not_understood("sluice-resume", value);
  asked.after_frame = number_in<uint64_t>(rest.substr(after.size()), 10);
  if (!asked.after_frame) return not_understood("sluice-resume", value);
  return {};
}

// Calls `take(name, line)` for each line.
template <typename Take>
void for_each_line(std::string_view lines, Take take) {
  while (!lines.empty()) {
    const size_t end = lines.find("\r\n");
    const size_t size = end == lines.npos ? lines.size() : end + 2;
    const std::string_view line = lines.substr(0, size);
    take(line.substr(0, line.find(':')), line);
    lines.remove_prefix(size);
  }
}

}  // namespace

std::string event_id_begin(uint64_t tag) {
  std::string text(event_id_prefix);
  constexpr std::string_view digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[(tag >> shift) & 15];
  return text += '-';
}

Result<std::optional<ResumeAsked>> resume_asked(const http::Fields& fields) {
  const auto resume = fields.find("sluice-resume");
  const auto event = fields.find("last-event-id");
  const bool is_ours = event && event->starts_with(event_id_prefix);
  if (!resume && !is_ours) return std::optional<ResumeAsked>();  // event ids of others are left to the target
  ResumeAsked asked;
  if (is_ours) {
    if (Result<void> read = read_event_id(*event, asked); !read) return tl::unexpected<Error>(read.error());
  }
  if (resume) {
    if (Result<void> read = read_resume(*resume, asked); !read) return tl::unexpected<Error>(read.error());
    const bool says_nothing = event && !is_ours && !event->empty() && !asked.after_frame;
    if (says_nothing) return not_understood("last-event-id", *event);
  }
  return std::optional<ResumeAsked>(asked);
}

std::string_view field_in(std::string_view lines, std::string_view name) {
  std::string_view found;
  for_each_line(lines, [&](std::string_view each, std::string_view line) {
    if (found.empty() && http::same_name(each, name)) found = trim(line.substr(each.size() + 1), " \t\r\n");
  });
  return found;
}

api::StreamFormat format_of(int status, std::string_view lines, const api::DialectRoom& room) {
  if (status >= 300) return api::StreamFormat::none;
  switch (api::media_type_of(field_in(lines, "content-type"))) {
    case api::MediaType::events:
      return api::StreamFormat::sse;
    case api::MediaType::lines:
      return api::StreamFormat::ndjson;
    case api::MediaType::json:
      return room.places.streams_arrays ? api::StreamFormat::json_array : api::StreamFormat::none;
    default:
      return api::StreamFormat::none;
  }
}

std::string lines_to_keep(std::string_view lines) {
  constexpr std::array<std::string_view, 10> names = {
      "content-type",    "cache-control",  "x-accel-buffering", "x-request-id",   "sluice-target",
      "sluice-attempts", "sluice-dropped", "retry-after",       "x-should-retry", "request-id"};
  std::string kept;
  for_each_line(lines, [&](std::string_view each, std::string_view line) {
    const bool keeps =
        std::any_of(names.begin(), names.end(), [each](std::string_view name) { return http::same_name(name, each); });
    if (keeps) kept += line;
  });
  return kept;
}

}  // namespace sluice::gateway
