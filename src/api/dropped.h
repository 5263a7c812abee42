// The parts of a request that cannot be sent to a target: a bounded list of paths with the reason, for the answer's
// `sluice-dropped` field, the access record and strict translation. Every drop goes through it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::api {

enum class DropReason : unsigned char {
  unsupported,  // the target has nothing like it
  changed,      // it is expressed in another way, which says less
  clamped,      // it is outside the range that the target accepts: the nearest value is sent
  invented,     // the target needs one, and the caller gave none
  bound         // it belongs to another provider, credential or model
};
std::string_view name_of(DropReason reason);

struct Drop {
  std::string path;  // "top_k", "messages[3].content[0].cache_control"; in the caller's terms, printable ASCII
  DropReason reason{};
  bool operator==(const Drop&) const = default;
};

// A dialect's name for a member that writers report by its neutral name: {"stop", "stop_sequences"}.
struct OwnWord {
  std::string_view neutral, own;
};

// The path, or a text that begins with one, with the neutral name at its beginning, before a dot, a bracket or the end,
// replaced by the caller's; so is "content" behind a message.
std::string in_words(std::string_view path, std::span<const OwnWord> words);

struct Request;

class Dropped {
 public:
  static constexpr size_t max_drops = 64;  // more are only counted
  static constexpr size_t max_path_bytes = 96;

  // Each path once, by the caller's own lists (own_path) where they are known, and not if its value changes nothing
  // (is_usual). Spaces, ',', '=' and whatever is not
  // printable ASCII become '?'.
  void add(std::string_view path, DropReason reason);
  // The same for a path that is the caller's already.
  void add_own(std::string_view path, DropReason reason);
  // From here on paths are those of that request, which must outlive the calls until put_into.
  void tell_places(const Request* request) { request_ = request; }
  // Moves all drops of the other here, which is then empty.
  void take(Dropped& other);
  // A path of the request's, or a text that begins with one, by the caller's own lists.
  std::string own(std::string_view path) const;
  const std::vector<Drop>& all() const { return drops_; }
  uint32_t more() const { return more_; }  // beyond those
  bool empty() const { return drops_.empty(); }
  // Replaces neutral names by the caller's (in_words). No path of the request is added after that.
  void put_into(std::span<const OwnWord> words);
  bool loses() const;  // something of the caller's: not only `invented`
  // "top_k=unsupported, temperature=clamped": the field's value; "" for none. At most `max_bytes` long, then ", +3".
  std::string text(size_t max_bytes = 1024) const;

 private:
  const Request* request_ = nullptr;
  std::vector<Drop> drops_;
  uint32_t more_ = 0;
};

}  // namespace sluice::api
