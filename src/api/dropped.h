// What of a request a target cannot be told: a bounded list of paths with the reason, for the answer's `sluice-dropped`
// field, the access record and strict translation. Every drop goes through it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

enum class DropReason : unsigned char {
  unsupported,  // the target has nothing like it
  changed,      // it is told in another way, which says less
  clamped,      // it lies outside what the target takes: its nearest value is sent
  invented,     // the target needs one, and the caller gave none
  bound         // it belongs to another provider, credential or model
};
std::string_view name_of(DropReason reason);

struct Drop {
  std::string path;  // "top_k", "messages[3].content[0].cache_control"; of the caller's own words, printable ASCII
  DropReason reason{};
  bool operator==(const Drop&) const = default;
};

// What a dialect calls a member that writers name as the neutral form has it: {"stop", "stop_sequences"}.
struct OwnWord {
  std::string_view neutral, own;
};

class Dropped {
 public:
  static constexpr size_t max_drops = 64;  // more are counted only
  static constexpr size_t max_path_bytes = 96;

  // Each path once. What is no printable ASCII in it becomes '?'.
  void add(std::string_view path, DropReason reason);
  // All of the other's, which has none then.
  void take(Dropped& other);
  const std::vector<Drop>& all() const { return drops_; }
  uint32_t more() const { return more_; }  // beyond those
  bool empty() const { return drops_.empty(); }
  // Puts the caller's words in the place of the neutral ones, which stand alone or before a dot.
  void put_into(std::span<const OwnWord> words);
  bool loses() const;  // something that the caller said: not only what had to be invented
  // "top_k=unsupported, temperature=clamped": the field's value; "" for none. At most `max_bytes` long, then ", +3".
  std::string text(size_t max_bytes = 1024) const;

 private:
  std::vector<Drop> drops_;
  uint32_t more_ = 0;
};

}  // namespace sluice::api
