#include "api/gemini/fields.h"

#include "base/text.h"

namespace sluice::api::gemini {

FieldName::FieldName(JsonValue member) : text_(member.key().escaped) {
  if (text_.size() > room_.size() || text_.find('_') == std::string_view::npos) return;
  size_t size = 0;
  bool raise = false;
  for (const char c : text_) {
    if (c == '_' && size != 0) {
      raise = true;
      continue;
    }
    room_[size++] = raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    raise = false;
  }
  text_ = std::string_view(room_.data(), size);
}

JsonValue field(JsonValue object, std::string_view name) {
  JsonValue found;
  if (!object.is_object()) return found;
  for (const JsonValue member : object) {
    if (FieldName(member).text() == name || member.named(name)) found = member;
  }
  return found.has_value() ? found : JsonValue();
}

Result<NamedMembers> NamedMembers::of(JsonValue object, std::span<const std::string_view> names,
                                      std::string_view path) {
  if (!object.is_object()) return wrong_field(path, "must be an object");
  NamedMembers fields;
  for (const JsonValue member : object) {
    const FieldName name(member);
    const auto known = std::find_if(names.begin(), names.end(), [&](std::string_view candidate) {
      return name.text() == candidate || member.named(candidate);
    });
    if (known == names.end()) {
      fields.rest_.push_back(member);
      continue;
    }
    if (!member.has_value()) continue;
    JsonValue& found = fields.found_[static_cast<size_t>(known - names.begin())];
    if (found.exists()) return wrong_field(below(path, *known), "occurs twice");
    found = member;
  }
  return fields;
}

std::string_view digits_of(JsonValue value) {
  if (value.is(JsonType::number)) return value.raw();
  JsonDocument number;
  const bool is_number = !value.word().empty() && number.parse(value.word()) && number.root().is(JsonType::number);
  return is_number ? trim(value.word(), white_space) : std::string_view();
}

std::optional<uint64_t> count_of(JsonValue value) {
  if (!value.is_string()) return value.count();
  JsonDocument number;
  if (value.word().empty() || !number.parse(value.word())) return std::nullopt;
  return number.root().count();
}

std::vector<JsonValue> elements_of(JsonValue list) {
  std::vector<JsonValue> elements;
  if (!list.is_array()) {
    if (list.has_value()) elements.push_back(list);
    return elements;
  }
  for (const JsonValue element : list) elements.push_back(element);
  return elements;
}

tl::unexpected<Error> wrong_field(std::string_view path, std::string_view what) {
  std::string text(path.empty() ? "the body" : path);
  text += path.empty() ? " " : ": ";
  return fail(ErrorCode::bad_request, text.append(what));
}

std::string below(std::string_view path, std::string_view name) {
  std::string text(path);
  if (!text.empty()) text += '.';
  return text.append(name);
}

void carry_all(Bag& bag, const std::vector<JsonValue>& members, std::string_view prefix, TextArena& arena) {
  for (const JsonValue member : members) {
    JsonText key = member.key();
    if (!prefix.empty()) key.escaped = arena.keep(std::string(prefix).append(key.escaped));
    bag.push_back({key, member.raw()});
  }
}

JsonText standard_base64(JsonText text, TextArena& arena) {
  if (text.escaped.find_first_of("-_\\") == std::string_view::npos) return text;
  std::string plain(arena.unescape(text));
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  return arena.escape(arena.keep(std::move(plain)));
}

}  // namespace sluice::api::gemini
