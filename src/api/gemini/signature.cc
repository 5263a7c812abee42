#include "api/gemini/signature.h"

#include <optional>

#include "api/gemini/fields.h"
#include "base/base64.h"

namespace sluice::api::gemini {
namespace {

constexpr std::string_view redacted_mark = "redacted:";
// How the base64 of wrap() begins, without and with the "redacted:" mark.
constexpr std::string_view wrapped_beginnings[] = {wrapped_beginning, "cmVkYWN0ZWQ6c2x1aWNlL"};

}  // namespace

std::string signature_of(const Opaque& opaque, bool is_redacted) {
  if (opaque.origin.dialect == Dialect::gemini) return std::string(opaque.data.escaped);
  std::string text(is_redacted ? redacted_mark : "");
  return base64_of(text.append(wrap(opaque)));
}

Signature read_signature(JsonText text, TextArena& arena) {
  const Signature gemini_own{{text, {Dialect::gemini, {}}, {}}, false, false};
  if (!text.escaped.starts_with(wrapped_beginnings[0]) && !text.escaped.starts_with(wrapped_beginnings[1]))
    return gemini_own;
  const std::optional<std::string> decoded = base64_decoded(standard_base64(text, arena).escaped);
  if (!decoded) return gemini_own;
  std::string_view wrapped = arena.keep(*decoded);
  const bool is_redacted = wrapped.starts_with(redacted_mark);
  if (is_redacted) wrapped.remove_prefix(redacted_mark.size());
  // A signature that we did not wrap could decode to text with a quote.
  JsonDocument document;
  if (!document.parse(arena.keep('"' + std::string(wrapped) + '"'))) return gemini_own;
  const Opaque opaque = unwrap(JsonText{wrapped}, Dialect::gemini);
  if (opaque.data.escaped == wrapped) return gemini_own;
  return {opaque, opaque.origin.dialect != Dialect::gemini, is_redacted};
}

}  // namespace sluice::api::gemini
