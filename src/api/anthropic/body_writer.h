// Answers that are no streams.
#pragma once

#include <memory>

#include "api/event.h"

namespace sluice::api::anthropic {

// The body is written at the end, all at once.
std::unique_ptr<EventWriter> make_body_writer(const AnswerShape& shape);

}  // namespace sluice::api::anthropic
