// Router's plans: the targets of a name in the order of its route, then those of its fallbacks, then those that are
// left alone.
#include <algorithm>
#include <utility>

#include "base/mix.h"
#include "routing/balancer.h"
#include "routing/router.h"

namespace sluice::routing {
namespace {

// Targets with a lower value are asked first.
int reluctance(const Target& target, uint64_t now_ms) {
  const Standing standing = target.health->standing(now_ms);
  if (standing == Standing::benched) return 3;
  if (!may_be_asked(standing)) return 2;
  return target.health->is_full(target.concurrent) ? 1 : 0;
}

bool stands_in(const std::vector<Target>& targets, const TargetHealth* health) {
  return std::any_of(targets.begin(), targets.end(), [health](const Target& one) { return one.health == health; });
}

// Why the target is known not to accept the request; "": it may accept it.
std::string_view why_unfit(const ModelFit& fit, const Asking& asking) {
  if (fit.context_tokens != 0 && asking.estimated_tokens > fit.context_tokens) return "its context window is too small";
  if (!fit.told) return "";
  if (asking.images && !fit.images) return "it takes no images";
  if (asking.audio && !fit.audio) return "it takes no audio";
  return asking.tools && !fit.tools ? "it takes no tools" : "";
}

// Removes the targets for which `why` returns a reason, and appends them to `left_out` (if not nullptr).
template <typename Why>
void leave_out(std::vector<Target>& targets, std::vector<LeftOut>* left_out, Why&& why) {
  std::erase_if(targets, [&](Target& target) {
    const std::string_view reason = why(target);
    if (reason.empty()) return false;
    if (left_out != nullptr) left_out->push_back({std::move(target), reason});
    return true;
  });
}

// Comes before any other check: a forbidden target must not count as the one that fits. If all are forbidden, all stay,
// and the user of plan() reports the first.
void leave_out_forbidden(std::vector<Target>& targets, std::vector<LeftOut>* left_out, const Asking& asking) {
  if (asking.allowed == nullptr || std::none_of(targets.begin(), targets.end(), *asking.allowed)) return;
  leave_out(targets, left_out, [&](const Target& target) -> std::string_view {
    return (*asking.allowed)(target) ? "" : "this key may not use it";
  });
}

}  // namespace

std::optional<size_t> Plan::next(uint64_t asked, uint64_t now_ms, uint64_t larger_than) const {
  std::optional<size_t> backing_off;
  for (size_t at = 0; at < targets.size(); ++at) {
    const Target& target = targets[at];
    if ((asked >> at & 1) != 0 || target.health->is_full(target.concurrent)) continue;
    if (target.fit.context_tokens != 0 && target.fit.context_tokens <= larger_than) continue;
    const Standing standing = target.health->standing(now_ms);
    if (may_be_asked(standing)) return at;
    if (standing == Standing::backing_off && !backing_off) backing_off = at;
  }
  return backing_off;
}

void Router::set_health(Target& target) const {
  const bool listed = place_in_lists(target) != NameIndex::none;
  target.health = &health_.of(*target.provider, target.model, listed);
}

// Adds the targets of one name of `models`, except those already in `targets`.
void Router::add_targets(uint32_t model, const Asking& asking, bool is_fallback, std::vector<Target>& targets) const {
  const config::Model& entry = config_.models[model];
  std::string_view why = "only one";
  const auto add = [&](const Candidate& candidate) {
    if (targets.size() == Plan::max_targets || stands_in(targets, candidate.health)) return;
    Target& target = targets.emplace_back();
    target.provider = candidate.provider;
    target.model = candidate.ref->model;
    target.entry = &entry;
    target.health = candidate.health;
    target.concurrent = candidate.ref->concurrent;
    target.fit = candidate.fit;
    target.unfit = why_unfit(candidate.fit, asking);
    target.why = is_fallback ? "fallback" : why;
  };
  if (entries_[model].size() == 1) return add(entries_[model].front());
  std::vector<Candidate> candidates = entries_[model];
  why = put_in_order(candidates, entry.order, asking.affinity, asking.now_ms, asking.chance ^ mixed(model));
  for (const Candidate& candidate : candidates) add(candidate);
}

// Depth first: the fallbacks of a fallback come before the next one. The configuration check rejects loops; the limits
// hold regardless.
void Router::add_fallbacks(const config::Model& model, const Asking& asking, std::vector<Target>& targets,
                           size_t& looks) const {
  for (const std::string& name : model.fallbacks) {
    if (targets.size() == Plan::max_targets || looks == 0) return;
    --looks;
    if (const uint32_t number = models_.find(name); number != NameIndex::none) {
      add_targets(number, asking, true, targets);
      add_fallbacks(config_.models[number], asking, targets, looks);
      continue;
    }
    Result<Target> target = route(name, asking.dialect);
    if (!target) continue;
    set_health(*target);
    target->why = "fallback";
    if (!stands_in(targets, target->health)) targets.push_back(std::move(*target));
  }
}

Result<Plan> Router::plan(std::string_view name, const Asking& asking, std::vector<LeftOut>* left_out) const {
  Plan plan;
  plan.retry = &default_retry_;
  plan.luck = (asking.affinity.empty() ? asking.chance : affine_hash(asking.affinity)) | 1;
  const uint32_t number = asking.entry != nullptr ? static_cast<uint32_t>(asking.entry - config_.models.data())
                          : name.empty()          ? NameIndex::none
                                                  : models_.find(name);
  if (number != NameIndex::none) {
    plan.entry = &config_.models[number];
    plan.retry = &plan.entry->retry;
    plan.hedges = health_.hedges_of(number);
    add_targets(number, asking, false, plan.targets);
    size_t looks = max_looks;
    add_fallbacks(*plan.entry, asking, plan.targets, looks);
    if (plan.targets.empty()) return tl::unexpected<Error>(first_of(number).error());
  } else {
    Result<Target> target = route(name, asking.dialect);
    if (!target) return tl::unexpected<Error>(std::move(target.error()));
    set_health(*target);
    target->why = "only one";
    plan.targets.push_back(std::move(*target));
  }
  leave_out_forbidden(plan.targets, left_out, asking);
  leave_out(plan.targets, left_out, [&](const Target& target) -> std::string_view {
    return target.health->standing(asking.now_ms) == Standing::drained ? "drained by an operator" : "";
  });
  if (plan.targets.empty()) {
    return fail(ErrorCode::overloaded, "all targets of '" + std::string(name) + "' have been drained by an operator");
  }
  if (plan.targets.size() == 1) return plan;
  const bool any_fits =
      std::any_of(plan.targets.begin(), plan.targets.end(), [](const Target& target) { return target.unfit.empty(); });
  if (any_fits) leave_out(plan.targets, left_out, [](const Target& target) { return target.unfit; });
  if (plan.targets.size() > 1) put_behind(plan.targets, asking.now_ms);
  return plan;
}

// Moves targets that are left alone to the end. Standings may change meanwhile, so each is read once for sorting.
void Router::put_behind(std::vector<Target>& targets, uint64_t now_ms) {
  std::vector<std::pair<int, Target>> ranked;
  bool all_fine = true;
  for (const Target& target : targets) all_fine = all_fine && reluctance(target, now_ms) == 0;
  if (all_fine) return;
  ranked.reserve(targets.size());
  for (Target& target : targets) {
    const int rank = reluctance(target, now_ms);
    ranked.emplace_back(rank, std::move(target));
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < ranked.size(); ++i) targets[i] = std::move(ranked[i].second);
}

}  // namespace sluice::routing
