#include "observe/secret_mask.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace sluice::observe {
namespace {

std::string masked(const std::vector<std::string>& secrets, const std::string& text) {
  const SecretMask mask(secrets);
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
      {{"a+b/c=d-e_f"}, "?key=a%2Bb%2Fc%3Dd-e_f&x /a%2bb/c%3dd-e_f/", "?key=***&x /***/"},
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

// The expected result of `masked`, computed the slow way.
std::string slowly_masked(const std::vector<std::string>& secrets, const std::string& text) {
  std::vector<bool> hidden(text.size()), begins(text.size());
  for (size_t at = 0, end = 0; at < text.size(); ++at) {
    size_t longest = 0;
    for (const std::string& secret : secrets) {
      if (secret.size() > longest && text.compare(at, secret.size(), secret) == 0) longest = secret.size();
    }
    if (longest == 0) continue;
    if (at >= end) begins[at] = true;
    end = std::max(end, at + longest);
    for (size_t i = at; i < at + longest; ++i) hidden[i] = true;
  }
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (begins[i]) result += "***";
    if (!hidden[i]) result += text[i];
  }
  return result;
}

TEST_CASE("many secrets, some of which begin like others, hide the same as they would one by one") {
  for (const size_t many : {3u, 40u, 700u}) {
    std::mt19937_64 random(many);
    const auto letters = [&random](size_t least, size_t most) {
      std::string text(least + random() % (most - least + 1), 'a');
      for (char& c : text) c = "abc"[random() % 3];
      return text;
    };
    std::vector<std::string> secrets;
    for (size_t i = 0; i < many; ++i) {
      const bool longer = !secrets.empty() && random() % 3 == 0;
      secrets.push_back(longer ? secrets[random() % secrets.size()] + letters(1, 6) : letters(8, 40));
    }
    for (int i = 0; i < 50; ++i) {
      std::string text = letters(0, 30);
      for (int part = 0; part < 4; ++part) {
        const std::string& secret = secrets[random() % secrets.size()];
        text += secret.substr(random() % 3 == 0 ? 1 : 0) + letters(1, 12);
      }
      REQUIRE(masked(secrets, text) == slowly_masked(secrets, text));
    }
  }
}

TEST_CASE("text without secrets is not copied") {
  const SecretMask mask({"sk-0123456789"});
  const std::string text = "nothing to see";
  std::string scratch;
  CHECK(mask.apply(text, scratch).data() == text.data());
}

}  // namespace
}  // namespace sluice::observe
