// Where something came from that only its maker can read: a thinking's signature, encrypted reasoning, a compacted
// conversation. It goes back there only. Callers of another dialect are given it wrapped, with its origin in it, and
// bring it back with their history: nothing has to be remembered here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/json_value.h"
#include "base/dialect.h"

namespace sluice::api {

// Whose it is: a target. `maker` stands for provider, credential and model, in hexadecimal digits; "": not known, as of
// what a caller of that dialect brought as it was.
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

// "sluice.anthropic.1f3a5c7e9b0d2f4a.EqQBCkYIBR...": what is given to a caller of another dialect than the origin's.
// The data stays as it is spelled. `id` rides along where there is one.
std::string wrap(const Opaque& opaque);
// What wrap() made, or, for any other text, that text with `dialect` as its origin and no maker.
Opaque unwrap(JsonText text, Dialect dialect);

// What a thinking that nobody signed is given in a signature's place, where callers do not hand back what has none; the
// mark says whose it is not to be sent to. "": there is no need, as the caller's dialect is the target's.
std::string wrap_unsigned(const Origin& origin, Dialect callers);
bool is_unsigned(const Opaque& opaque);

// What wrap() begins with: as it stands in a body, where the dialect does not write it otherwise (TranslationRoom).
inline constexpr std::string_view wrap_mark = "sluice.";
// Whether `mark`, of 2 to 16 bytes, stands anywhere in `body`: looked for in the whole of every conversation.
bool holds_mark(std::string_view body, std::string_view mark);

// Whether a target may be sent it: it is the origin, or, where no maker is told, of its dialect.
inline bool may_return(const Opaque& opaque, const Origin& target) {
  if (opaque.origin.dialect != target.dialect) return false;
  return opaque.origin.maker.empty() || opaque.origin.maker == target.maker;
}

}  // namespace sluice::api
