#include "config/fallbacks.h"

#include <string>
#include <utility>

#include "base/name_index.h"
#include "base/text.h"

namespace sluice::config {
namespace {

class FallbackCheck {
 public:
  FallbackCheck(Reading& reading, const Node& node, const std::vector<std::string_view>& provider_names,
                const std::vector<Model>& models)
      : reading_(reading),
        node_(node),
        provider_names_(provider_names),
        models_(models),
        names_(models.size()),
        providers_(provider_names.size()),
        seen_(models.size(), Seen::not_yet) {
    for (uint32_t i = 0; i < models.size(); ++i) names_.add(models[i].name, i);
    for (const std::string_view name : provider_names) providers_.add(name, 0);
  }

  void run() {
    for (uint32_t i = 0; i < models_.size(); ++i) {
      for (size_t k = 0; k < models_[i].fallbacks.size(); ++k) check_name(i, k);
    }
    for (uint32_t i = 0; i < models_.size(); ++i) {
      if (seen_[i] == Seen::not_yet) follow(i);
    }
  }

 private:
  enum class Seen : unsigned char { not_yet, on_the_way, whole };
  // A model, and how many of its fallbacks have been followed.
  struct Step {
    uint32_t model;
    size_t next = 0;
  };

  void report(uint32_t model, const std::string& fallback, std::string what, std::string allowed = {},
              std::string suggestion = {}) {
    const std::string path = child_path(child_path("models", models_[model].name), "fallbacks");
    const Node* const list = node_.members[model].value.find("fallbacks");
    for (size_t k = 0; k < list->items.size(); ++k) {
      if (list->items[k].text != fallback) continue;
      return reading_.report(list->items[k].at, item_path(path, k), std::move(what), std::move(allowed),
                             std::move(suggestion));
    }
  }

  void check_name(uint32_t model, size_t place) {
    const std::string& name = models_[model].fallbacks[place];
    if (names_.find(name) != NameIndex::none) return;
    const size_t slash = name.find('/');
    const bool is_target = slash != std::string::npos && slash != 0 && slash + 1 < name.size();
    const std::string_view provider = std::string_view(name).substr(0, is_target ? slash : 0);
    if (is_target && (provider_names_.empty() || providers_.find(provider) != NameIndex::none)) return;
    std::vector<std::string_view> near;
    if (reading_.problems.size() < max_suggestions && !is_target) {
      for (const Model& other : models_) near.push_back(other.name);
    }
    report(model, name,
           is_target ? "no provider is called " + std::string(provider) : "\"" + name + "\" is not a name in models",
           is_target ? "known: " + join(provider_names_) : "allowed: a name in models, or \"provider/model\"",
           near.empty() ? "" : nearest_one(name, near));
  }

  // Visits everything reachable from `first`, each model once.
  void follow(uint32_t first) {
    std::vector<Step> way{{first}};
    seen_[first] = Seen::on_the_way;
    while (!way.empty()) {
      Step& step = way.back();
      const std::vector<std::string>& fallbacks = models_[step.model].fallbacks;
      if (step.next == fallbacks.size()) {
        seen_[step.model] = Seen::whole;
        way.pop_back();
        continue;
      }
      const std::string& name = fallbacks[step.next++];
      const uint32_t next = names_.find(name);
      if (next == NameIndex::none || seen_[next] == Seen::whole) continue;
      if (seen_[next] == Seen::on_the_way) {
        report(step.model, name, "leads back to itself: " + loop_text(way, next), "allowed: no loops");
        continue;
      }
      seen_[next] = Seen::on_the_way;
      way.push_back({next});
    }
  }

  // "a -> b -> a"
  std::string loop_text(const std::vector<Step>& way, uint32_t to) const {
    constexpr size_t max_told = 8;
    std::string text;
    size_t told = 0;
    bool inside = false;
    for (const Step& step : way) {
      inside = inside || step.model == to;
      if (!inside) continue;
      if (++told <= max_told) text += models_[step.model].name + " -> ";
      if (told == max_told + 1) text += "... -> ";
    }
    return text + models_[to].name;
  }

  Reading& reading_;
  const Node& node_;
  const std::vector<std::string_view>& provider_names_;
  const std::vector<Model>& models_;
  NameIndex names_, providers_;
  std::vector<Seen> seen_;
};

}  // namespace

void check_fallbacks(Reading& reading, const Node& node, const std::vector<std::string_view>& provider_names,
                     const std::vector<Model>& models) {
  FallbackCheck(reading, node, provider_names, models).run();
}

}  // namespace sluice::config
