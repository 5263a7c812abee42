// The "models" of sluice.json: names that callers may use, with their targets. The other fields of a route are read by
// model_route.cc.
#include <optional>
#include <utility>

#include "base/name_index.h"
#include "base/text.h"
#include "config/fallbacks.h"
#include "config/fields.h"
#include "config/model_route.h"
#include "config/sections.h"

namespace sluice::config {
namespace {

constexpr std::string_view forms = "allowed: \"provider/model\" or {\"targets\": [{\"model\": \"provider/model\"}]}";
constexpr std::string_view form = "allowed: \"provider/model\"";
constexpr double max_resume_s = 3600;  // a stream not resumed for an hour is abandoned

// The providers that a target may name.
struct Known {
  explicit Known(const std::vector<std::string_view>& providers) : names(providers), index(providers.size()) {
    for (const std::string_view name : names) index.add(name, 0);
  }
  const std::vector<std::string_view>& names;  // empty: any
  NameIndex index;
};

// Parses "provider/model" into a target, or reports a problem.
std::optional<TargetRef> read_target_name(Reading& reading, const Node& node, const std::string& path,
                                          const Known& known) {
  const size_t slash = node.text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == node.text.size()) {
    reading.report(node.at, path, found(node), std::string(form));
    return std::nullopt;
  }
  TargetRef target{node.text.substr(0, slash), node.text.substr(slash + 1)};
  if (known.names.empty() || known.index.find(target.provider) != NameIndex::none) return target;
  const bool suggest = reading.problems.size() < max_suggestions;
  reading.report(node.at, path, "no provider is called " + target.provider, "known: " + join(known.names),
                 suggest ? nearest_one(target.provider, known.names) : "");
  return std::nullopt;
}

// One of a list.
void read_target(Reading& reading, const Node& node, const std::string& path, const Known& known, Model& model) {
  constexpr uint32_t max_weight = 10'000;
  constexpr uint32_t max_concurrent = 1'000'000;
  const ObjectReader object(reading, node, path, fields::target);
  if (node.kind != Node::Kind::object) return;
  const Node* const name = object.find("model");
  if (name == nullptr || name->kind != Node::Kind::string) {
    reading.report(name == nullptr ? node.at : name->at, object.path("model"),
                   name == nullptr ? "is missing" : found(*name), std::string(form));
    return;
  }
  std::optional<TargetRef> target = read_target_name(reading, *name, object.path("model"), known);
  if (!target) return;
  for (const TargetRef& other : model.targets) {
    if (other.provider != target->provider || other.model != target->model) continue;
    return reading.report(name->at, object.path("model"), found(*name) + ", which is listed twice");
  }
  object.read_whole("weight", 0, max_weight, target->weight);
  object.read_whole("concurrent", 0, max_concurrent, target->concurrent);
  model.targets.push_back(std::move(*target));
}

void read_targets(Reading& reading, const ObjectReader& object, const Known& known, Model& model) {
  const Node* const targets = object.find("targets");
  const std::string path = object.path("targets");
  if (targets == nullptr) return reading.report(object.node().at, path, "is missing", std::string(forms));
  const std::string allowed = "allowed: a list of 1 to " + std::to_string(max_targets) + " targets";
  if (targets->kind != Node::Kind::array) return reading.report(targets->at, path, found(*targets), allowed);
  const size_t count = targets->items.size();
  if (count == 0) return reading.report(targets->at, path, "found an empty list", allowed);
  if (count > max_targets) {
    return reading.report(targets->items[max_targets].at, item_path(path, max_targets),
                          "is one of " + std::to_string(count) + " targets", allowed);
  }
  for (size_t i = 0; i < count; ++i) read_target(reading, targets->items[i], item_path(path, i), known, model);
}

void read_defaults(Reading& reading, const ObjectReader& parent, Model& model) {
  constexpr uint32_t max_tokens = 100'000'000;
  const Node* const node = parent.find("defaults");
  if (node == nullptr) return;
  const ObjectReader object(reading, *node, parent.path("defaults"), fields::model_defaults);
  object.read_whole("max_tokens", 1, max_tokens, model.default_max_tokens);
}

void read_object(Reading& reading, const Node& node, const std::string& path, const Known& known, Model& model) {
  const ObjectReader object(reading, node, path, fields::model);
  read_rate_limits(reading, object, model.limits);
  read_defaults(reading, object, model);
  object.read_flag("strict_translation", model.strict_translation);
  object.read_flag("drain_on_disconnect", model.drain_on_disconnect);
  object.read_seconds("resume_s", model.resume_ms, max_resume_s);
  read_targets(reading, object, known, model);
  read_route(reading, object, model);
}

}  // namespace

void read_models(Reading& reading, const Node& node, const std::vector<std::string_view>& provider_names,
                 std::vector<Model>& models) {
  if (node.kind != Node::Kind::object) {
    reading.report(node.at, "models", "found " + std::string(kind_name(node.kind)),
                   "allowed: an object of names and their targets");
    return;
  }
  const Known known(provider_names);
  for (const Member& member : node.members) {
    const std::string path = child_path("models", member.name);
    Model model;
    model.name = member.name;
    if (member.name.empty()) reading.report(member.at, path, "a model's name is empty");
    reading.note(path, member.at);
    if (member.value.kind == Node::Kind::string) {
      if (auto target = read_target_name(reading, member.value, path, known))
        model.targets.push_back(std::move(*target));
    } else if (member.value.kind == Node::Kind::object) {
      read_object(reading, member.value, path, known, model);
    } else {
      reading.report(member.value.at, path, found(member.value), std::string(forms));
    }
    models.push_back(std::move(model));
  }
  check_fallbacks(reading, node, provider_names, models);
}

}  // namespace sluice::config
