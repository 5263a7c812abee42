// The "models" of sluice.json: names that callers may use.
#include <optional>
#include <utility>

#include "base/name_index.h"
#include "base/text.h"
#include "config/fields.h"
#include "config/sections.h"

namespace sluice::config {
namespace {

constexpr std::string_view forms = "allowed: \"provider/model\" or {\"targets\": [{\"model\": \"provider/model\"}]}";

// The providers that a target may name.
struct Known {
  explicit Known(const std::vector<std::string_view>& providers) : names(providers), index(providers.size()) {
    for (const std::string_view name : names) index.add(name, 0);
  }
  const std::vector<std::string_view>& names;  // none: any
  NameIndex index;
};

// "provider/model" into `model`, or a report.
void read_target(Reading& reading, const Node& node, const std::string& path, const Known& known, Model& model) {
  const size_t slash = node.text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == node.text.size()) {
    reading.report(node.at, path, found(node), "allowed: \"provider/model\"");
    return;
  }
  model.provider = node.text.substr(0, slash);
  model.model = node.text.substr(slash + 1);
  if (known.names.empty() || known.index.find(model.provider) != NameIndex::none) return;
  const bool suggest = reading.problems.size() < max_suggestions;
  reading.report(node.at, path, "no provider is called " + model.provider, "known: " + join(known.names),
                 suggest ? nearest_one(model.provider, known.names) : "");
}

// The string that names the one target, or nullptr and a report.
std::pair<const Node*, std::string> target_node(Reading& reading, const Node& node, const ObjectReader& object) {
  const Node* targets = object.find("targets");
  const std::string targets_path = object.path("targets");
  if (targets == nullptr) {
    reading.report(node.at, targets_path, "is missing", std::string(forms));
    return {};
  }
  if (targets->kind != Node::Kind::array || targets->items.empty()) {
    const bool empty = targets->kind == Node::Kind::array;
    reading.report(targets->at, targets_path, empty ? "found an empty list" : found(*targets),
                   "allowed: a list of one target");
    return {};
  }
  if (targets->items.size() > 1) {
    reading.report(targets->items[1].at, item_path(targets_path, 1), "several targets for one model are not built yet",
                   "allowed: one target");
  }
  const Node& first = targets->items.front();
  const ObjectReader target(reading, first, item_path(targets_path, 0), fields::target);
  if (first.kind != Node::Kind::object) return {};
  const Node* model = target.find("model");
  if (model == nullptr || model->kind != Node::Kind::string) {
    reading.report(model == nullptr ? first.at : model->at, target.path("model"),
                   model == nullptr ? "is missing" : found(*model), "allowed: \"provider/model\"");
    return {};
  }
  return {model, target.path("model")};
}

void read_defaults(Reading& reading, const ObjectReader& parent, Model& model) {
  constexpr uint32_t max_tokens = 100'000'000;
  const Node* const node = parent.find("defaults");
  if (node == nullptr) return;
  const ObjectReader object(reading, *node, parent.path("defaults"), fields::model_defaults);
  object.read_whole("max_tokens", 1, max_tokens, model.default_max_tokens);
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
      read_target(reading, member.value, path, known, model);
    } else if (member.value.kind == Node::Kind::object) {
      const ObjectReader object(reading, member.value, path, fields::model);
      read_rate_limits(reading, object, model.limits);
      read_defaults(reading, object, model);
      object.read_flag("strict_translation", model.strict_translation);
      const auto [target, target_path] = target_node(reading, member.value, object);
      if (target != nullptr) read_target(reading, *target, target_path, known, model);
    } else {
      reading.report(member.value.at, path, found(member.value), std::string(forms));
    }
    models.push_back(std::move(model));
  }
}

}  // namespace sluice::config
