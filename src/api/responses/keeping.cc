#include "api/responses/keeping.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "api/json_cursor.h"
#include "api/json_unescape.h"
#include "api/json_value.h"
#include "api/key_spelling.h"
#include "base/json_writer.h"

namespace sluice::api::responses {
namespace {

using Page = KeepingRoom::Page;

// --- requests ---

KeepingRoom::Asked look(std::string_view body) {
  KeepingRoom::Asked asked{true, {}};  // stored unless the request says otherwise
  JsonCursor cursor(body);
  if (!cursor.take('{')) return {};
  std::string_view key;
  std::string unescaped;
  for (bool first = true;;) {
    const JsonStep step = next_member(cursor, first, key);
    if (step == JsonStep::end) return asked;
    if (step == JsonStep::broken) return {};
    const std::optional<std::string_view> value = cursor.take_value();
    if (!value) return {};
    if (key.find('\\') != key.npos) {
      unescaped.clear();
      if (!append_json_unescaped(unescaped, key)) return {};
      key = unescaped;
    }
    if (key == "input") {
      asked.input = *value;
    } else if (key == "store") {
      asked.keep = asked.keep && (*value == "true" || *value == "null");
    } else if (key == "previous_response_id") {
      asked.previous.clear();
      if (value->front() == '"') append_json_unescaped(asked.previous, value->substr(1, value->size() - 2));
    } else if (lenient_key(key) == "store") {
      asked.keep = false;  // whatever it says: its sender may have meant `store`
    }
  }
}

// Appends a user's message item with the content `text`, which is JSON.
void append_message(std::string& out, std::string_view text) {
  out += R"({"type":"message","role":"user","content":)";
  out += text;
  out += '}';
}

// What is between the brackets of a list.
std::string_view elements_of(JsonValue list) {
  const std::string_view raw = list.raw();
  return list.is_array() && !list.empty() ? raw.substr(1, raw.size() - 2) : std::string_view();
}

Result<std::string> go_on(std::string_view body, std::string_view earlier) {
  JsonDocument document;
  if (Result<void> done = document.parse(body); !done) return tl::unexpected(done.error());
  const JsonValue input = document.root()["input"];
  std::string out;
  out.reserve(body.size() + earlier.size() + 64);
  out += R"({"input":[)";
  out += earlier;
  if (!earlier.empty() && (input.is_string() || !elements_of(input).empty())) out += ',';
  if (input.is_string()) {
    append_message(out, input.raw());
  } else {
    out += elements_of(input);
  }
  out += ']';
  for (const JsonValue member : document.root()) {
    if (member.named("input")) continue;
    out += ",\"";
    out += member.key().escaped;
    out += "\":";
    out += member.raw();
  }
  return out += '}';
}

// Whether a member's key, as it is spelled, is `name`.
bool is_named(std::string_view key, std::string_view name) {
  if (key.find('\\') == key.npos) return key == name;
  std::string plain;
  return append_json_unescaped(plain, key) && plain == name;
}

// What has to be known of an item before it is written.
struct ItemLook {
  bool has_id = false, has_type = false;
  std::vector<std::pair<std::string_view, std::string_view>> members{};  // without `id`
};

// False: it is not an object.
bool look_at_item(std::string_view item, ItemLook& look) {
  look.has_id = look.has_type = false;
  look.members.clear();
  JsonCursor cursor(item);
  if (!cursor.take('{')) return false;
  std::string_view key;
  for (bool first = true; next_member(cursor, first, key) == JsonStep::member;) {
    const std::optional<std::string_view> value = cursor.take_value();
    if (!value) break;
    if (is_named(key, "id")) {
      look.has_id = value->front() == '"';
      continue;
    }
    look.has_type = look.has_type || is_named(key, "type");
    look.members.emplace_back(key, *value);
  }
  return true;
}

// The input may be as large as the request, so it is copied without building a document.
std::string input_items(std::string_view input, std::string_view answer_id) {
  std::string out;
  size_t number = 0;
  const auto begin_item = [&] {
    out += number == 0 ? R"({"id":"item_)" : R"(,{"id":"item_)";
    out += answer_id;
    out += '_';
    out += std::to_string(number++);
    out += '"';
  };
  out.reserve(input.size() + input.size() / 8 + 128);
  if (input.starts_with('"')) {
    begin_item();
    out += R"(,"type":"message","role":"user","status":"completed","content":[{"type":"input_text","text":)";
    out += input;
    return out += "}]}";
  }
  JsonCursor list(input);
  if (!list.take('[')) return out;
  ItemLook look;
  for (bool first = true; !list.take(']'); first = false) {
    if (!first && !list.take(',')) break;
    const std::optional<std::string_view> item = list.take_value();
    if (!item) break;
    if (!look_at_item(*item, look)) continue;
    if (look.has_id) {
      if (number++ != 0) out += ',';
      out += *item;
      continue;
    }
    begin_item();
    if (!look.has_type) out += R"(,"type":"message")";
    for (const auto& [key, value] : look.members) {
      out += ",\"";
      out += key;
      out += "\":";
      out += value;
    }
    out += '}';
  }
  return out;
}

// --- answers ---

KeepingRoom::Made made(std::string_view answer) {
  JsonDocument document;
  if (!document.parse(answer)) return {};
  return {std::string(document.root()["id"].text().escaped), std::string(elements_of(document.root()["output"]))};
}

Page page_of(std::string_view endpoint) {
  if (endpoint == "responses/get") return Page::show;
  if (endpoint == "responses/delete") return Page::remove;
  if (endpoint == "responses/cancel") return Page::cancel;
  return endpoint == "responses/input_items" ? Page::input : Page::none;
}

// "/v1/responses/ID/..."
std::string_view id_in(std::string_view path) {
  constexpr std::string_view root = "responses/";
  const size_t at = path.find(root);
  if (at == path.npos) return {};
  path.remove_prefix(at + root.size());
  return path.substr(0, path.find('/'));
}

// The value of a parameter, not decoded; "": it is not there.
std::string_view parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    if (one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=')
      return one.substr(name.size() + 1);
    query.remove_prefix(std::min(one.size() + 1, query.size()));
  }
  return {};
}

constexpr size_t max_listed = 100, usual_listed = 20;

Result<size_t> limit_in(std::string_view query) {
  const std::string_view text = parameter(query, "limit");
  if (text.empty()) return usual_listed;
  size_t limit = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || limit == 0 || limit > max_listed) {
    return fail(ErrorCode::bad_request, "limit: expected a number from 1 to " + std::to_string(max_listed));
  }
  return limit;
}

// The newest first, unless the query says otherwise.
Result<std::string> list(std::string_view query, std::string_view input) {
  const Result<size_t> limit = limit_in(query);
  if (!limit) return tl::unexpected(limit.error());
  const std::string text = "[" + std::string(input) + "]";
  JsonDocument document;
  if (!document.parse(text)) return fail(ErrorCode::internal, "what was kept of the input is not JSON");
  std::vector<JsonValue> items;
  for (const JsonValue item : document.root()) items.push_back(item);
  if (parameter(query, "order") != "asc") std::reverse(items.begin(), items.end());
  if (const std::string_view after = parameter(query, "after"); !after.empty()) {
    const auto at =
        std::find_if(items.begin(), items.end(), [&](JsonValue item) { return item["id"].text().escaped == after; });
    if (at == items.end()) return fail(ErrorCode::bad_request, "after: there is no such item");
    items.erase(items.begin(), at + 1);
  }
  const bool has_more = items.size() > *limit;
  if (has_more) items.resize(*limit);
  std::string out;
  JsonWriter json(out);
  json.object().member("object", "list").key("data").array();
  for (const JsonValue item : items) json.raw(item.raw());
  json.end_array();
  for (const char* name : {"first_id", "last_id"}) {
    json.key(name).raw(items.empty() ? "null" : (*name == 'f' ? items.front() : items.back())["id"].raw());
  }
  json.member("has_more", has_more).end_object();
  return out;
}

Result<std::string> write_page(Page page, std::string_view id, std::string_view query, std::string_view answer,
                               std::string_view input) {
  switch (page) {
    case Page::none:
      break;
    case Page::show:
      if (parameter(query, "stream") == "true") {
        return fail(ErrorCode::bad_request, "stream: this response is complete and cannot be streamed again");
      }
      return std::string(answer);
    case Page::remove: {
      std::string out;
      JsonWriter(out).object().member("id", id).member("object", "response").member("deleted", true).end_object();
      return out;
    }
    case Page::cancel:
      return fail(ErrorCode::bad_request, "Cannot cancel a synchronous response.");
    case Page::input:
      return list(query, input);
  }
  return fail(ErrorCode::unknown_path, "there is no such page of a response");
}

}  // namespace

constinit const KeepingRoom keeping{look, go_on, input_items, made, page_of, id_in, write_page};

}  // namespace sluice::api::responses
