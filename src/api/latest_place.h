// An index into a list by key, safe for lists that a target can make as long as it likes.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::api {

// The place that was last set for a key. Lookups among many keys take logarithmic time, so the keys may come from an
// untrusted source. Most answers have few, which are searched linearly.
template <typename Key>
class LatestPlace {
 public:
  static constexpr size_t bytes_each = 80;  // approximate, with the allocator's overhead

  void set(const Key& key, size_t place) {
    for (auto& [known, its_place] : few_) {
      if (known == key) {
        its_place = place;
        return;
      }
    }
    if (few_.size() < max_few) {
      few_.emplace_back(key, place);
    } else {
      others_[key] = place;
    }
  }
  void erase(const Key& key) {
    if (others_.erase(key) == 0) std::erase_if(few_, [&key](const auto& known) { return known.first == key; });
  }
  // `Sought`: anything that a Key can be compared with.
  template <typename Sought>
  std::optional<size_t> find(const Sought& sought) const {
    for (const auto& [known, place] : few_) {
      if (known == sought) return place;
    }
    const auto found = others_.find(sought);
    if (found == others_.end()) return std::nullopt;
    return found->second;
  }

 private:
  static constexpr size_t max_few = 8;
  std::vector<std::pair<Key, size_t>> few_{};
  std::map<Key, size_t, std::less<>> others_{};
};

}  // namespace sluice::api
