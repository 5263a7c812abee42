// Finds one of many names as quickly as one of few: open addressing over names stored elsewhere.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace sluice {

// Maps names to numbers. Names are kept as views, whose text must outlive the index and not move. To prevent hash
// flooding, whoever chooses the added names must be trusted or not know `chance`; names that are only looked up are
// harmless.
class NameIndex {
 public:
  static constexpr uint32_t none = UINT32_MAX;

  // Has room for `names` without growing. `chance`: any number, mixed into the hash.
  explicit NameIndex(size_t names = 0, uint64_t chance = 0) : chance_(chance) {
    slots_.resize(std::bit_ceil(2 * names + 2));
  }

  // `number` is less than `none`. A name already present keeps its number, which is returned; `none` for a new one.
  uint32_t add(std::string_view name, uint32_t number) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    Slot& slot = slots_[slot_of(name)];
    if (slot.number != none) return slot.number;
    slot = {name, number};
    ++size_;
    return none;
  }
  uint32_t find(std::string_view name) const { return slots_[slot_of(name)].number; }
  // The name must be present.
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

  // Its slot, or the free one where it would go.
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

  std::vector<Slot> slots_;  // size is a power of two; at most half full
  size_t size_ = 0;
  uint64_t chance_;
};

}  // namespace sluice
