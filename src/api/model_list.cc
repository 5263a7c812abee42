#include "api/model_list.h"

#include <algorithm>
#include <charconv>

#include "api/dialect.h"
#include "api/percent.h"
#include "base/json_writer.h"
#include "net/stream.h"

namespace sluice::api {
namespace {

// The decoded value of a parameter of that name; nullopt where there is none.
std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  while (!name.empty() && !query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.size() <= name.size() || !part.starts_with(name) || part[name.size()] != '=') continue;
    std::string value;
    append_percent_decoded(value, part.substr(name.size() + 1));
    return value;
  }
  return std::nullopt;
}

// The part of the list that one request gets.
struct ListPart {
  std::span<const ListedModel> models;
  bool more = false;
};

Result<ListPart> part_of(std::span<const ListedModel> models, std::string_view query, const PageWords& words) {
  const auto refuse = [](std::string_view name, std::string_view why) {
    return fail(ErrorCode::bad_request, std::string(name) + " " + std::string(why));
  };
  size_t size = models.size();
  if (const auto text = parameter(query, words.size)) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), size);
    if (error != std::errc() || end != text->data() + text->size() || size == 0) {
      return refuse(words.size, "must be a whole number of at least 1");
    }
  }
  const auto after = parameter(query, words.after), before = parameter(query, words.before);
  if (after && before) return refuse(words.after, "and " + std::string(words.before) + " exclude each other");
  size_t begin = 0, end = models.size();
  if (after || before) {
    const std::string& id = after ? *after : *before;
    const auto found = std::find_if(models.begin(), models.end(), [&](const ListedModel& one) { return one.id == id; });
    if (found == models.end()) return refuse(after ? words.after : words.before, "names no model of this list");
    const auto at = static_cast<size_t>(found - models.begin());
    after ? begin = at + 1 : end = at;
  }
  const size_t count = std::min(size, end - begin);
  const bool more = count < end - begin;
  return ListPart{models.subspan(before ? end - count : begin, count), more};
}

}  // namespace

void append_abilities(std::string& out, const ModelFacts& facts) {
  JsonWriter json(out);
  json.array();
  for (size_t i = 0; i < ability_names.size(); ++i) {
    if (facts.can(static_cast<Ability>(i))) json.value(ability_names[i]);
  }
  json.end_array();
}

void write_plain_model(const ListedModel& model, int64_t created_s, std::string& out) {
  const ModelFacts& facts = *model.facts;
  JsonWriter json(out);
  json.object().member("id", model.id).member("object", "model");
  json.member("created", facts.created_s != 0 ? facts.created_s : created_s).member("owned_by", model.owner);
  // Not OpenAI's, but common among providers that imitate its API.
  if (!facts.display_name.empty()) json.member("name", facts.display_name);
  if (facts.context_window != 0) json.member("context_length", facts.context_window);
  if (facts.max_output_tokens != 0) json.member("max_completion_tokens", facts.max_output_tokens);
  if (facts.abilities != 0) append_abilities(out += R"(,"capabilities":)", facts);
  out += '}';
}

std::optional<ModelPage> model_page(std::string_view path, const http::Fields* fields) {
  using enum ModelPage::Kind;
  std::optional<ModelPage> page;
  for (const DialectRoom* const room : rooms()) {
    const ModelPaths& paths = room->models.paths;
    std::optional<ModelPage> here;
    for (const std::string_view path_of_list : paths.lists) {
      if (!path.starts_with(path_of_list)) continue;
      if (path.size() == path_of_list.size()) here = {list, room->id};
      if (path.size() <= path_of_list.size() || path[path_of_list.size()] != '/' || !paths.has_single) continue;
      const std::string_view name = path.substr(path_of_list.size() + 1);
      const bool of_another = !paths.no_single.empty() && name.find(paths.no_single) != std::string_view::npos;
      if (!of_another) here = {single, room->id, name};
    }
    if (!path.empty() && path == paths.single_by_body) here = {single_by_body, room->id};
    for (const ModelPaths::Fixed& one : paths.fixed) {
      if (path == one.path) here = {fixed, room->id, {}, one.body};
    }
    if (!here) continue;
    if (!page) page = here;
    if (fields != nullptr && !room->own_field.empty() && fields->find(room->own_field)) return here;
  }
  return page;
}

Result<std::string> model_list_body(Dialect dialect, std::span<const ListedModel> models, std::string_view query,
                                    int64_t created_s) {
  const ModelShape& shape = room_of(dialect).models;
  const Result<ListPart> part = part_of(models, query, shape.pages);
  if (!part) return tl::unexpected<Error>(part.error());
  std::string out(shape.opening);
  for (const ListedModel& model : part->models) {
    if (&model != part->models.data()) out += ',';
    shape.write(model, created_s, out);
  }
  out += ']';
  if (shape.write_ending != nullptr) shape.write_ending(part->models, part->more, out);
  out += '}';
  return out;
}

std::string model_body(Dialect dialect, const ListedModel& model, int64_t created_s) {
  const ModelShape& shape = room_of(dialect).models;
  std::string out;
  (shape.write_alone != nullptr ? shape.write_alone : shape.write)(model, created_s, out);
  return out;
}

Result<std::string> model_named_in(Dialect dialect, std::string_view body) {
  const std::string padded = std::string(body) + std::string(net::read_padding_bytes, '\0');
  const Result<Peek> peek = peek_request(std::string_view(padded).substr(0, body.size()), dialect);
  if (!peek) return tl::unexpected<Error>(peek.error());
  if (peek->model.empty()) return fail(ErrorCode::bad_request, R"(the body names no model, as {"model": "..."} does)");
  return peek->model;
}

std::string model_name_of(Dialect dialect, std::string_view encoded) {
  std::string name;
  append_percent_decoded(name, encoded);
  const std::string_view prefix = room_of(dialect).model_prefix;
  if (!prefix.empty() && name.starts_with(prefix)) name.erase(0, prefix.size());
  return name;
}

}  // namespace sluice::api
