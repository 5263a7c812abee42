#include <array>

#include "api/dialect.h"

namespace sluice::api {

namespace openai {
extern const DialectRoom room;
}
namespace responses {
extern const DialectRoom room;
}
namespace anthropic {
extern const DialectRoom room;
}
namespace gemini {
extern const DialectRoom room;
}
namespace ollama {
extern const DialectRoom room;
}

namespace {
constexpr std::array<const DialectRoom*, dialect_names.size()> all = {&openai::room, &responses::room, &anthropic::room,
                                                                      &gemini::room, &ollama::room};
}  // namespace

std::span<const DialectRoom* const> rooms() { return all; }

}  // namespace sluice::api
