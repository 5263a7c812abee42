#include "base/money_words.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace sluice {
namespace {

template <size_t Size>
bool has_one_of(std::string_view text, const std::array<std::string_view, Size>& words) {
  const std::string lower = to_lower(text);
  return std::any_of(words.begin(), words.end(),
                     [&lower](std::string_view word) { return lower.find(word) != lower.npos; });
}

}  // namespace

bool is_about_money(std::string_view code) {
  constexpr std::array<std::string_view, 7> parts = {
      "insufficient_quota",   "credit_balance",   "spend_limit",      "billing",
      "insufficient_balance", "payment_required", "credits_exhausted"};
  return has_one_of(code, parts);
}

bool tells_of_money(std::string_view message) {
  constexpr size_t max_bytes = 2'048;  // that are looked at
  constexpr std::array<std::string_view, 3> words = {"credit balance is too low", "specified api usage limits",
                                                     "insufficient balance"};
  return has_one_of(message.substr(0, max_bytes), words);
}

bool is_unpaid(int status, std::string_view code, std::string_view message) {
  constexpr std::array<std::string_view, 3> sentences = {"your credit balance is too low to access",
                                                         "you have reached your specified api usage limits",
                                                         "insufficient balance"};
  constexpr int unprocessable = 422;  // FastAPI's quotes the request with its keys
  if (status == unprocessable) return false;
  if (is_about_money(code)) return true;
  if (status == 402 || status == 403 || status == 429) return tells_of_money(message);
  if (status >= 500) return false;
  const std::string lower = to_lower(message.substr(0, 64));
  return std::any_of(sentences.begin(), sentences.end(),
                     [&lower](std::string_view sentence) { return lower.starts_with(sentence); });
}

}  // namespace sluice
