#include "routing/balancer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/mix.h"

namespace sluice::routing {
namespace {

// More than 0, at most 1.
double fraction_of(uint64_t bits) {
  constexpr int unused_bits = 11;  // of 64: a double has 53
  constexpr double scale = 1.0 / static_cast<double>(uint64_t{1} << 53);
  return static_cast<double>((bits >> unused_bits) + 1) * scale;
}

}  // namespace

double drawn(uint64_t bits, uint32_t weight) {
  if (weight == 0) return std::numeric_limits<double>::infinity();
  return -std::log(fraction_of(bits)) / weight;
}

uint64_t affine_hash(std::string_view text) {
  constexpr uint64_t prime = 0x100000001b3;  // FNV-1a; users must mix the result
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  return hash;
}

namespace {

// The sort key: `first`, and `second` to break ties.
struct Place {
  double first, second;
  Candidate candidate;
};

// Work in proportion to the weight; the least is asked first.
double busy(const Candidate& candidate) {
  if (candidate.ref->weight == 0) return std::numeric_limits<double>::infinity();
  return (candidate.health->in_flight() + 1.0) / candidate.ref->weight;
}

std::string_view reason(config::Order order, bool affine) {
  if (affine) return "affinity";
  switch (order) {
    case config::Order::weighted:
      return "weight";
    case config::Order::listed:
      return "listed";
    case config::Order::least_busy:
      return "least busy";
    case config::Order::fastest:
      return "fastest";
  }
  return "";
}

}  // namespace

std::string_view put_in_order(std::vector<Candidate>& candidates, config::Order order, std::string_view affinity,
                              uint64_t now_ms, uint64_t chance) {
  const std::string_view why = reason(order, !affinity.empty());
  if (candidates.size() == 1) return "only one";
  if (affinity.empty() && order == config::Order::listed) return why;
  const uint64_t affine = affinity.empty() ? 0 : affine_hash(affinity);
  std::vector<Place> places;
  places.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    if (!affinity.empty()) {
      const uint64_t bits = mixed(affine ^ mixed(affine_hash(candidate.health->label())));
      places.push_back({drawn(bits, candidate.ref->weight), 0, candidate});
      continue;
    }
    chance = mixed(chance);
    const double luck = drawn(chance, candidate.ref->weight);
    if (order == config::Order::weighted) places.push_back({luck, 0, candidate});
    if (order == config::Order::least_busy) places.push_back({busy(candidate), luck, candidate});
    if (order == config::Order::fastest) {
      places.push_back({static_cast<double>(candidate.health->load_us(now_ms)), luck, candidate});
    }
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.first != b.first ? a.first < b.first : a.second < b.second;
  });
  for (size_t i = 0; i < places.size(); ++i) candidates[i] = places[i].candidate;
  return why;
}

}  // namespace sluice::routing
