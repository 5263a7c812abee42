#include "api/openai/member_reader.h"

namespace sluice::api::openai {

std::string ChatPlace::text() const {
  std::string path = within != nullptr ? within->text() : "";
  if (!name.empty()) {
    if (!path.empty()) path += '.';
    path += name;
  }
  if (index) path += '[' + std::to_string(*index) + ']';
  return path;
}

void ChatMemberReader::wrong(const ChatPlace& place, std::string_view what) {
  if (error_) return;
  const std::string path = place.text();
  error_ = Error{ErrorCode::bad_request, (path.empty() ? "the body" : path + ":") + " " + std::string(what)};
}

JsonText ChatMemberReader::text(JsonValue value, const ChatPlace& place) {
  check(value.is_string(), value, place, "must be a string");
  return value.text();
}

std::string_view ChatMemberReader::number(JsonValue value, const ChatPlace& place) {
  const bool right = value.number().has_value();
  check(right, value, place, "must be a number");
  return right ? value.raw() : std::string_view();
}

std::optional<uint64_t> ChatMemberReader::count(JsonValue value, const ChatPlace& place) {
  check(value.count().has_value(), value, place, "must be a whole number, not below 0");
  return value.count();
}

std::optional<bool> ChatMemberReader::boolean(JsonValue value, const ChatPlace& place) {
  check(value.boolean().has_value(), value, place, "must be true or false");
  return value.boolean();
}

JsonValue ChatMemberReader::object(JsonValue value, const ChatPlace& place) {
  check(value.is_object(), value, place, "must be an object");
  return value.is_object() ? value : JsonValue();
}

JsonValue ChatMemberReader::array(JsonValue value, const ChatPlace& place) {
  check(value.is_array(), value, place, "must be a list");
  return value.is_array() ? value : JsonValue();
}

void ChatMemberReader::leave(Bag& bag, JsonValue member, std::string_view prefix) {
  const bool nests = member.is_array() || member.is_object();
  if (!member.has_value() || (nests && member.empty())) return;
  if (prefix.empty()) return carry(bag, member);
  std::string key(prefix);
  key += '.';
  key += member.key().escaped;
  bag.push_back({JsonText{arena_.keep(std::move(key))}, member.raw()});
}

}  // namespace sluice::api::openai
