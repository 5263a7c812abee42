#include "gateway/list_asker.h"

#include <algorithm>
#include <utility>

#include "base/name_index.h"

namespace sluice::gateway {

ListAsker::ListAsker(Options options, const ListAsker* before)
    : options_(std::move(options)), gathered_(this, [](void* self) { static_cast<ListAsker*>(self)->publish(); }) {
  for (const config::Provider& provider : options_.config.providers) {
    if (provider.ask_models) asked_.push_back(std::make_unique<Asked>(*this, provider));
  }
  if (before != nullptr) take_over(*before);
  const uint64_t now_ms = options_.loop.now_ms();
  for (const auto& asked : asked_) {
    if (asked->due_ms > now_ms) {
      options_.loop.timers().arm(asked->due, asked->due_ms - now_ms);
    } else {
      waiting_.push_back(asked.get());
    }
  }
  changed_ = before != nullptr;
  set_metrics();
  ask_next();
}

void ListAsker::take_over(const ListAsker& before) {
  NameIndex places(before.asked_.size());
  for (uint32_t i = 0; i < before.asked_.size(); ++i) places.add(before.asked_[i]->provider.name, i);
  for (const auto& asked : asked_) {
    const uint32_t place = places.find(asked->provider.name);
    if (place == NameIndex::none) continue;
    const Asked& known = *before.asked_[place];
    if (known.provider != asked->provider) continue;
    asked->list = known.list;
    asked->problem = known.problem;
    asked->cut = known.cut;
    asked->failures = known.failures;
    asked->failures_total = known.failures_total;
    asked->due_ms = known.due_ms;
    asked->told_unix_s = known.told_unix_s;
  }
}

void ListAsker::ask_next() {
  while (asking_ < options_.patience.at_once && !waiting_.empty()) {
    Asked& asked = *waiting_.front();
    waiting_.pop_front();
    ++asking_;
    if (!asked.call) {
      asked.call = std::make_unique<ListCall>(options_.loop, options_.links.of(asked.provider),
                                              [this, &asked] { on_done(asked); });
    }
    asked.call->start(options_.patience.max_ms);
  }
  if (idle()) publish();
}

void ListAsker::on_done(Asked& asked) {
  --asking_;
  const ListPatience& patience = options_.patience;
  const std::string& problem = asked.call->problem();
  uint64_t after_ms = patience.every_ms;
  if (problem.empty()) {
    auto list = std::make_shared<const ToldList>(asked.call->take());
    if (!asked.list || *list != *asked.list) {
      asked.list = std::move(list);
      changed_ = true;
    }
    asked.told_unix_s = options_.loop.clock().unix_s();
    asked.failures = 0;
  } else {
    after_ms = std::min<uint64_t>(after_ms, uint64_t{patience.again_ms} << std::min(asked.failures, 16u));
    ++asked.failures;
    ++asked.failures_total;
  }
  tell(asked, problem, problem.empty() && asked.call->cut());
  asked.due_ms = options_.loop.now_ms() + after_ms;
  options_.loop.timers().arm(asked.due, after_ms);
  set_metrics();
  if (changed_ && !gathered_.armed()) options_.loop.timers().arm(gathered_, patience.gather_ms);
  ask_next();
}

// Logs each change of the provider's state once.
void ListAsker::tell(Asked& asked, std::string problem, bool cut) {
  const bool failed_before = !asked.problem.empty();
  const bool cut_before = std::exchange(asked.cut, cut);
  asked.problem = std::move(problem);
  if (options_.log == nullptr) return;
  const std::string& name = asked.provider.name;
  if (!asked.problem.empty() && !failed_before) {
    options_.log->warn("cannot get a provider's list of models",
                       {{"provider", name}, {"reason", asked.problem}, {"known", asked.list ? asked.list->size() : 0}});
  }
  if (asked.problem.empty() && failed_before) {
    options_.log->info("a provider's list of models is available again",
                       {{"provider", name}, {"models", asked.list->size()}});
  }
  if (cut && !cut_before) {
    options_.log->warn("a provider's list of models is too long: only its beginning is known",
                       {{"provider", name}, {"models", asked.list->size()}});
  }
}

void ListAsker::publish() {
  gathered_.cancel();
  if (!std::exchange(changed_, false)) return;
  ToldLists lists(options_.config.providers.size());
  for (const auto& asked : asked_) {
    lists[static_cast<size_t>(&asked->provider - options_.config.providers.data())] = asked->list;
  }
  options_.publish(std::move(lists));
}

void ListAsker::set_metrics() {
  if (options_.metrics == nullptr) return;
  std::vector<observe::Metrics::ModelList> lists;
  for (const auto& asked : asked_) {
    lists.push_back({asked->provider.name, asked->list ? asked->list->size() : 0, asked->told_unix_s,
                     asked->failures_total, asked->problem.empty() && asked->told_unix_s != 0});
  }
  options_.metrics->set_model_lists(std::move(lists));
}

std::vector<ListAsker::Problem> ListAsker::problems() const {
  std::vector<Problem> problems;
  for (const auto& asked : asked_) {
    if (!asked->problem.empty() || asked->cut) problems.push_back({asked->provider.name, asked->problem, asked->cut});
  }
  return problems;
}

}  // namespace sluice::gateway
