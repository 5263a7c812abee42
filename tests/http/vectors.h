// Inputs and expected outcomes, as data. Outcomes are written as in http/transcript.h.
#pragma once

#include <span>
#include <string_view>

namespace sluice::http {

struct Vector {
  std::string_view name;
  std::string_view input;
  std::string_view outcome;
};

std::span<const Vector> good_requests();
std::span<const Vector> bad_requests();
std::span<const Vector> good_responses();
std::span<const Vector> head_responses();  // to HEAD requests
std::span<const Vector> bad_responses();

}  // namespace sluice::http
