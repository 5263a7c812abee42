// Finds one of many names as quickly as one of few: open addressing over names that live elsewhere.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace sluice {

// Each name stands for a number. The names are kept as views: what they view must outlive the index, and stay in its
// place. Whoever chooses the names must be trusted, or not know `chance`; who looks for them need not be.
class NameIndex {
 public:
  static constexpr uint32_t none = UINT32_MAX;

  // Room for `names` of them, to save growing. `chance`: any number, to be mixed in.
  explicit NameIndex(size_t names = 0, uint64_t chance = 0) : chance_(chance) {
    slots_.resize(std::bit_ceil(2 * names + 2));
  }

  // `number` is below none. A name that is there already keeps its number, which is returned; none for a new one.
  uint32_t add(std::string_view name, uint32_t number) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    Slot& slot = slots_[slot_of(name)];
    if (slot.number != none) return slot.number;
    slot = {name, number};
    ++size_;
    return none;
  }
  uint32_t find(std::string_view name) const { return slots_[slot_of(name)].number; }
  // Of a name that is there.
  void set(std::string_view name, uint32_t number) { slots_[slot_of(name)].number = number; }
  size_t size() const { return size_; }

 private:
  struct Slot {
    std::string_view name{};
    uint32_t number = none;
  };

  uint64_t hash_of(std::string_view name) const {
    constexpr uint64_t odd = 0x9e3779b97f4a7c15ull;
    uint64_t hash = name.size() * odd ^ chance_;
    for (; name.size() >= sizeof(uint64_t); name.remove_prefix(sizeof(uint64_t))) {
      uint64_t word = 0;
      std::memcpy(&word, name.data(), sizeof word);
      hash = mix((hash ^ word) * odd);
    }
    uint64_t rest = 0;
    if (!name.empty()) std::memcpy(&rest, name.data(), name.size());
    return mix((hash ^ rest) * odd);
  }
  static uint64_t mix(uint64_t hash) { return hash ^ (hash >> 32); }

  // Where it is, or the free one where it would go.
  size_t slot_of(std::string_view name) const {
    const size_t mask = slots_.size() - 1;
    size_t at = hash_of(name) & mask;
    while (slots_[at].number != none && slots_[at].name != name) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number != none) slots_[slot_of(slot.name)] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  size_t size_ = 0;
  uint64_t chance_;
};

}  // namespace sluice
