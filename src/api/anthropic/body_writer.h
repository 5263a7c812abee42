// Writes answers that are not streamed.
#pragma once

#include <memory>

#include "api/event.h"

namespace sluice::api::anthropic {

// The whole body is written at the end.
std::unique_ptr<EventWriter> make_body_writer(const AnswerShape& shape);

}  // namespace sluice::api::anthropic
