#include "config/model_route.h"

#include <algorithm>

#include "base/text.h"
#include "config/fields.h"
#include "config/secret.h"

namespace sluice::config {
namespace {

constexpr std::string_view affinity_header = "header:";
constexpr std::string_view affinity_forms = "allowed: none, key, prefix or header:NAME, as header:x-session-id";
constexpr uint32_t max_failures = 100;
constexpr uint32_t max_attempts = 16;
constexpr uint32_t max_backoff_ms = 60'000;
constexpr uint32_t max_hedge_ms = 600'000;
constexpr size_t max_header_name = 64;

void read_order(const ObjectReader& object, Order& order) {
  std::string word(word_of(order));
  object.read_word("order", order_words, word);
  const auto* const found_word = std::find(order_words.begin(), order_words.end(), word);
  order = static_cast<Order>(found_word - order_words.begin());
}

void read_fallback_names(Reading& reading, const ObjectReader& object, std::vector<std::string>& names) {
  object.for_each_text("fallbacks", false, [&](const Node& item, const std::string& path) {
    if (names.size() == max_fallbacks) {
      return reading.report(item.at, path, "is one too many", "allowed: " + std::to_string(max_fallbacks) + " at most");
    }
    if (std::find(names.begin(), names.end(), item.text) != names.end()) {
      return reading.report(item.at, path, found(item) + ", which is listed twice");
    }
    names.push_back(item.text);
  });
}

void read_retry(Reading& reading, const ObjectReader& parent, Retry& retry) {
  const Node* const node = parent.find("retry");
  if (node == nullptr) return;
  const ObjectReader object(reading, *node, parent.path("retry"), fields::retry);
  object.read_whole("attempts", 1, max_attempts, retry.attempts);
  object.read_whole("backoff_ms", 0, max_backoff_ms, retry.backoff_ms);
  object.read_seconds("wait_s", retry.wait_ms);
}

void read_rescue(Reading& reading, const ObjectReader& object, Rescue& rescue) {
  const Node* const node = object.find("rescue");
  if (node == nullptr) return;
  if (node->kind == Node::Kind::boolean) {
    rescue = node->boolean ? Rescue::on : Rescue::off;
  } else if (node->kind == Node::Kind::string && node->text == "ask") {
    rescue = Rescue::ask;
  } else {
    reading.report(node->at, object.path("rescue"), found(*node), "allowed: true, false or \"ask\"");
  }
}

void read_hedge(Reading& reading, const ObjectReader& parent, std::optional<Hedge>& hedge) {
  const Node* const node = parent.find("hedge");
  if (node == nullptr) return;
  const ObjectReader object(reading, *node, parent.path("hedge"), fields::hedge);
  hedge = Hedge{};
  object.read_whole("after_ms", 1, max_hedge_ms, hedge->after_ms);
}

void read_breaker(Reading& reading, const ObjectReader& parent, Breaker& breaker) {
  const Node* const node = parent.find("breaker");
  if (node == nullptr) return;
  const ObjectReader object(reading, *node, parent.path("breaker"), fields::breaker);
  object.read_whole("failures", 0, max_failures, breaker.failures);
  for (const auto& [name, value] : {std::pair{"within_s", &breaker.within_ms}, {"cooldown_s", &breaker.cooldown_ms}}) {
    object.read_seconds(name, *value);
    if (*value == 0) reading.report(object.find(name)->at, object.path(name), "found 0", "allowed: more than 0");
  }
  object.read_seconds("max_cooldown_s", breaker.max_cooldown_ms);
  const Node* const longest = object.find("max_cooldown_s");
  if (longest == nullptr) {
    breaker.max_cooldown_ms = std::max(breaker.max_cooldown_ms, breaker.cooldown_ms);
  } else if (longest->kind == Node::Kind::number && breaker.max_cooldown_ms < breaker.cooldown_ms) {
    reading.report(longest->at, object.path("max_cooldown_s"), found(*longest), "allowed: cooldown_s or more");
  }
}

void read_affinity(Reading& reading, const ObjectReader& object, Affinity& affinity) {
  const Node* const node = object.find("affinity");
  if (node == nullptr) return;
  const std::string_view word = node->kind == Node::Kind::string ? std::string_view(node->text) : std::string_view();
  const std::string header = word.starts_with(affinity_header) ? to_lower(word.substr(affinity_header.size())) : "";
  if (word == "none") {
    affinity = {};
  } else if (word == "key") {
    affinity = {Affinity::Kind::key, ""};
  } else if (word == "prefix") {
    affinity = {Affinity::Kind::prefix, ""};
  } else if (header.size() <= max_header_name && is_token(header)) {
    affinity = {Affinity::Kind::header, header};
  } else {
    reading.report(node->at, object.path("affinity"), found(*node), std::string(affinity_forms));
  }
}

}  // namespace

std::string_view word_of(Order order) { return order_words[static_cast<size_t>(order)]; }

std::string word_of(const Affinity& affinity) {
  if (affinity.kind == Affinity::Kind::key) return "key";
  if (affinity.kind == Affinity::Kind::prefix) return "prefix";
  return affinity.kind == Affinity::Kind::header ? std::string(affinity_header) + affinity.header : "none";
}

void read_route(Reading& reading, const ObjectReader& object, Model& model) {
  read_order(object, model.order);
  read_fallback_names(reading, object, model.fallbacks);
  read_retry(reading, object, model.retry);
  read_rescue(reading, object, model.rescue);
  read_hedge(reading, object, model.hedge);
  read_breaker(reading, object, model.breaker);
  read_affinity(reading, object, model.affinity);
}

}  // namespace sluice::config
