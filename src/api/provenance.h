// The origin of opaque data, which only its maker can read: a thinking's signature, encrypted reasoning, a compacted
// conversation. It is sent back only there. Callers of another dialect get it wrapped, with its origin in it, and send
// it back with their history, so sluice has to store nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/json_value.h"
#include "base/dialect.h"

namespace sluice::api {

// The target that made it. `maker` stands for provider, credential and model, in hexadecimal digits; "": not known, as
// when a caller of that dialect sent the data unwrapped.
struct Origin {
  Dialect dialect{};
  std::string maker{};
  bool operator==(const Origin&) const = default;
};

// Something that is bound to its origin.
struct Opaque {
  JsonText data{};  // "": there is none
  Origin origin{};
  JsonText id{};  // the item's own name for it, where it has one (responses' reasoning items)
  bool empty() const { return data.empty(); }
};

// "sluice.anthropic.1f3a5c7e9b0d2f4a..EqQBCkYIBR...": what a caller of another dialect than the origin's gets. The
// empty field holds `id`, where there is one. The data stays as it is spelled.
std::string wrap(const Opaque& opaque);
// What wrap() made, or, for any other text, that text with `dialect` as its origin and no maker.
Opaque unwrap(JsonText text, Dialect dialect);

// What stands in for the signature of unsigned thinking, as some callers do not send back thinking without one. It is
// never sent to a target. "": not needed, as the caller's dialect is the target's.
std::string wrap_unsigned(const Origin& origin, Dialect callers);
bool is_unsigned(const Opaque& opaque);

// What wrap() begins with, and how it is found in a body unless the dialect writes it otherwise (TranslationRoom).
inline constexpr std::string_view wrap_mark = "sluice.";
// Whether `mark`, of 2 to 16 bytes, is anywhere in `body`. Fast, as it searches the whole of every conversation.
bool holds_mark(std::string_view body, std::string_view mark);

// Whether it may be sent to the target: that is its origin or, if the maker is not known, of the same dialect.
inline bool may_return(const Opaque& opaque, const Origin& target) {
  if (opaque.origin.dialect != target.dialect) return false;
  return opaque.origin.maker.empty() || opaque.origin.maker == target.maker;
}

}  // namespace sluice::api
