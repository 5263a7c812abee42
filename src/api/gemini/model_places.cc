#include "api/gemini/model_places.h"

#include <optional>
#include <span>
#include <string>

#include "api/json_cursor.h"
#include "api/json_unescape.h"
#include "api/key_spelling.h"
#include "base/json_writer.h"

namespace sluice::api::gemini {
namespace {

constexpr size_t max_places = 10'000;  // a batch has thousands at most

std::string_view plain_model_name(std::string_view name) {
  if (name.starts_with(model_prefix)) name.remove_prefix(model_prefix.size());
  return name;
}

// What a value in the body is, as far as it can lead to model names.
enum class Place : unsigned char { model, request, list, item, batch, input, holder, nothing };

struct Way {
  Place from;
  std::string_view key;  // both of protobuf's spellings are accepted
  Place to;
};
constexpr Way model_ways[] = {{Place::request, "model", Place::model},
                              {Place::request, "generateContentRequest", Place::request},
                              {Place::request, "generate_content_request", Place::request},
                              {Place::request, "embedContentRequest", Place::request},
                              {Place::request, "embed_content_request", Place::request},
                              {Place::request, "requests", Place::list},
                              {Place::request, "batch", Place::batch},
                              {Place::item, "model", Place::model},
                              {Place::item, "request", Place::request},
                              {Place::batch, "model", Place::model},
                              {Place::batch, "inputConfig", Place::input},
                              {Place::batch, "input_config", Place::input},
                              {Place::input, "requests", Place::holder},
                              {Place::holder, "requests", Place::list}};

class ModelWalk {
 public:
  ModelWalk(std::string_view body, std::string_view named, std::string_view target)
      : body_(body), named_(plain_model_name(named)), target_(plain_model_name(target)) {}

  Result<std::vector<Edit>> read() {
    JsonCursor cursor(body_);
    if (!cursor.take('{')) return wrong_at("the body is not a JSON object", cursor.offset());
    if (auto done = read_object(cursor, Place::request, 0); !done) return tl::unexpected<Error>(done.error());
    if (!cursor.at_end()) return wrong_at("more follows the body's JSON object", cursor.offset());
    return std::move(edits_);
  }

 private:
  static constexpr int deepest = 8;  // valid bodies repeat a level only once or twice

  tl::unexpected<Error> broken(const JsonCursor& cursor) const {
    return wrong_at("the body is not valid JSON", cursor.offset());
  }

  Result<void> read_object(JsonCursor& cursor, Place place, int depth) {
    unsigned seen = 0;
    std::string_view key;
    for (bool first = true;;) {
      const JsonStep step = next_member(cursor, first, key);
      if (step == JsonStep::end) return {};
      if (step == JsonStep::broken) return broken(cursor);
      const Result<Place> to = place_of(place, key, seen);
      if (!to) return tl::unexpected<Error>(to.error());
      if (auto done = read_value(cursor, *to, depth); !done) return done;
    }
  }

  Result<void> read_value(JsonCursor& cursor, Place place, int depth) {
    const char begin = cursor.next();
    if (place == Place::list && begin == '[') return read_list(cursor, depth);
    if (place != Place::nothing && place != Place::model && place != Place::list && begin == '{') {
      if (depth == deepest) return wrong_at("the body's requests are nested too deep", cursor.offset());
      cursor.take('{');
      return read_object(cursor, place, depth + 1);
    }
    const std::optional<std::string_view> value = cursor.take_value();
    if (!value) return broken(cursor);
    if (place != Place::model || *value == "null") return {};
    return read_model(*value);
  }

  Result<void> read_list(JsonCursor& cursor, int depth) {
    cursor.take('[');
    for (bool first = true;;) {
      const JsonStep step = next_element(cursor, first);
      if (step == JsonStep::end) return {};
      if (step == JsonStep::broken) return broken(cursor);
      if (auto done = read_value(cursor, Place::item, depth); !done) return done;
    }
  }

  // Where the member `raw` of an object at `from` leads. Each way may occur only once in an object.
  Result<Place> place_of(Place from, std::string_view raw, unsigned& seen) const {
    std::string unescaped;
    std::string_view key = raw;
    if (raw.find('\\') != std::string_view::npos) {
      if (!append_json_unescaped(unescaped, raw)) return wrong_at("a key is not valid JSON", offset(raw));
      key = unescaped;
    }
    for (const Way& way : model_ways) {
      if (way.from != from || key.size() < way.key.size()) continue;
      const bool exact = key == way.key;
      const bool far =
          key.front() > ' ' && (key.front() | 0x20) != way.key.front();  // signed: a non-ASCII byte is not far
      if (!exact && far) continue;
      if (!exact && (key.size() > 3 * way.key.size() || lenient_key(key) != lenient_key(way.key))) continue;
      const unsigned bit = 1u << static_cast<unsigned>(way.to);
      if (!exact || (seen & bit) != 0) {
        return wrong_at("`" + std::string(way.key) + "` occurs twice in the body, or in another spelling", offset(raw));
      }
      seen |= bit;
      return way.to;
    }
    return Place::nothing;
  }

  Result<void> read_model(std::string_view value) {
    const size_t at = offset(value);
    const Result<std::string> name = read_model_name(value, "`model`", at);
    if (!name) return tl::unexpected<Error>(name.error());
    const std::string_view plain = plain_model_name(*name);
    if (plain != named_ && plain != target_) return wrong_at("`model` names another model than the URL does", at);
    if (plain == target_) return {};
    if (edits_.size() == max_places) return wrong_at("the body names its model in more than 10,000 places", at);
    Edit rename{at, value.size(), {}};
    append_json_string(rename.inserted, std::string(model_prefix).append(target_));
    edits_.push_back(std::move(rename));
    return {};
  }

  size_t offset(std::string_view token) const { return static_cast<size_t>(token.data() - body_.data()); }

  const std::string_view body_, named_, target_;
  std::vector<Edit> edits_;
};

}  // namespace

Result<std::vector<Edit>> rename_models(std::string_view body, std::string_view named, std::string_view target) {
  return ModelWalk(body, named, target).read();
}

}  // namespace sluice::api::gemini
