#include "observe/secret_mask.h"

#include <catch2/catch.hpp>

namespace sluice::observe {
namespace {

std::string masked(const std::vector<std::string>& secrets, const std::string& text) {
  SecretMask mask;
  for (const std::string& secret : secrets) mask.add(secret);
  std::string scratch = "left over from before";
  return std::string(mask.apply(text, scratch));
}

TEST_CASE("secrets are masked wherever they stand") {
  struct Row {
    std::vector<std::string> secrets;
    std::string text, expected;
  };
  const std::vector<Row> rows = {
      {{}, "sk-0123456789", "sk-0123456789"},
      {{"sk-0123456789"}, "", ""},
      {{"sk-0123456789"}, "sk-0123456789", "***"},
      {{"sk-0123456789"}, "a sk-0123456789 b", "a *** b"},
      {{"sk-0123456789"}, "sk-0123456789sk-0123456789", "******"},
      {{"sk-0123456789"}, "sk-012345678", "sk-012345678"},
      {{"sk-0123456789"}, "sk-sk-0123456789", "sk-***"},
      {{"sk-0123456789"}, "key=sk-0123456789\nkey=sk-0123456789\n", "key=***\nkey=***\n"},
      {{"12345678"}, "x12345678y", "x***y"},    // the shortest that is masked
      {{"1234567"}, "x1234567y", "x1234567y"},  // too short
      {{"sk-01234", "sk-0123456789"}, "sk-0123456789", "***"},
      {{"sk-01234", "sk-0123456789"}, "sk-0123456x", "***56x"},
      {{"abcdefgh", "ghijklmn"}, "[abcdefghijklmn]", "[***]"},  // overlapping
      {{"abcdefgh", "cdefghij"}, "[abcdefghij]", "[***]"},
      {{"abcdefghijkl", "cdefghij"}, "[abcdefghijkl]", "[***]"},  // one inside the other
      {{"aaaaaaaa"}, "aaaaaaaaa", "***"},
      {{"quote\"slash\\"}, "quote\\\"slash\\\\ quote\"slash\\", "*** ***"},
      {{"line\nbreak!"}, "line\\nbreak!", "***"},
  };
  for (const Row& row : rows) CHECK(masked(row.secrets, row.text) == row.expected);
}

TEST_CASE("a secret is found at every offset, among many others") {
  std::vector<std::string> secrets;
  for (int i = 0; i < 50; ++i) secrets.push_back("sk-proj-" + std::to_string(i * 7919) + "-secret");
  for (size_t offset = 0; offset < 40; ++offset) {
    const std::string before(offset, 's'), after(40 - offset, '-');
    CHECK(masked(secrets, before + secrets[offset] + after) == before + "***" + after);
  }
}

TEST_CASE("text without secrets is not copied") {
  SecretMask mask;
  mask.add("sk-0123456789");
  const std::string text = "nothing to see";
  std::string scratch;
  CHECK(mask.apply(text, scratch).data() == text.data());
}

}  // namespace
}  // namespace sluice::observe
