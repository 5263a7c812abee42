#include "base/nearest.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

constexpr size_t max_bytes = 128;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool same(char a, char b) { return lower(a) == lower(b); }

// The distance if it is at most `most`, else some larger number: stops as soon as that is certain.
size_t bounded_distance(std::string_view a, std::string_view b, size_t most) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) return most + 1;
  // Three rows of the usual table, because a swap looks two rows back.
  thread_local std::vector<size_t> before, above, row;
  for (std::vector<size_t>* one : {&before, &above, &row}) one->resize(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  size_t above_least = 0;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t least = row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      least = std::min(least, row[j]);
    }
    if (least > most && above_least > most) return most + 1;  // a swap may still use the row above
    above_least = least;
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  return bounded_distance(a, b, std::max(a.size(), b.size()));
}

std::vector<std::string_view> nearest(std::string_view wanted, std::span<const std::string_view> known, size_t most) {
  std::vector<std::pair<size_t, std::string_view>> close;
  if (wanted.empty() || wanted.size() > max_bytes) return {};
  for (const std::string_view name : known.first(std::min(known.size(), max_nearest_looks))) {
    if (name.empty() || name.size() > max_bytes) continue;
    const size_t shorter = std::min(wanted.size(), name.size());
    // One letter of two is not similar; a third of them wrong is about where a typing error ends. A name inside the
    // other one ("url" for "base_url") is similar however much is missing.
    const size_t allowed = std::min(std::max<size_t>(shorter > 3 ? 2 : 1, shorter / 3), shorter - 1);
    const bool inside = shorter >= 3 && (contains(name, wanted) || contains(wanted, name));
    const size_t distance = inside ? edit_distance(wanted, name) : bounded_distance(wanted, name, allowed);
    if (inside || distance <= allowed) close.emplace_back(distance, name);
  }
  std::stable_sort(close.begin(), close.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string_view> result;
  for (size_t i = 0; i < std::min(most, close.size()); ++i) result.push_back(close[i].second);
  return result;
}

}  // namespace sluice
