#include "base/spare_text.h"

#include <catch2/catch.hpp>

namespace sluice {
namespace {

constexpr size_t most = 5'000;
using Spare = SpareText<most>;

TEST_CASE("a text that was emptied holds no memory, and the next one has its block") {
  std::string first, second;
  first.assign(4'000, 'a');
  const char* const block = first.data();
  Spare::take_back(first);
  CHECK(first.empty());
  CHECK(first.capacity() == std::string().capacity());
  Spare::lend(second);
  CHECK(second.empty());
  CHECK(second.data() == block);
  std::string third;  // there is only one block
  Spare::lend(third);
  CHECK(third.capacity() == std::string().capacity());
  Spare::take_back(second);
}

TEST_CASE("a text that says something keeps it where a block is lent") {
  std::string full(1'000, 'a'), text = "some words";
  Spare::take_back(full);
  Spare::lend(text);
  CHECK(text == "some words");
}

TEST_CASE("blocks at the limit are kept, those above go back") {
  std::string at, above, got;
  at.reserve(most);
  Spare::take_back(at);
  above.reserve(most + 1);
  Spare::take_back(above);
  CHECK(above.capacity() == std::string().capacity());
  Spare::lend(got);
  CHECK(got.capacity() == most);
}

}  // namespace
}  // namespace sluice
