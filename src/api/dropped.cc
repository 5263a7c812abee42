#include "api/dropped.h"

#include <algorithm>

#include "api/own_places.h"
#include "api/usual_values.h"

namespace sluice::api {

std::string_view name_of(DropReason reason) {
  switch (reason) {
    case DropReason::unsupported:
      return "unsupported";
    case DropReason::changed:
      return "changed";
    case DropReason::clamped:
      return "clamped";
    case DropReason::invented:
      return "invented";
    case DropReason::bound:
      return "bound";
  }
  return "";
}

std::string in_words(std::string_view path, std::span<const OwnWord> words) {
  std::string own(path);
  const auto replace_at = [&](size_t at) {
    const std::string_view rest = std::string_view(own).substr(at);
    for (const OwnWord& word : words) {
      const char behind = rest.size() > word.neutral.size() ? rest[word.neutral.size()] : '.';
      if (!rest.starts_with(word.neutral) || (behind != '.' && behind != '[')) continue;
      own.replace(at, word.neutral.size(), word.own);
      return;
    }
  };
  constexpr std::string_view content = "].content[";
  if (const size_t at = own.find(content); at != std::string::npos) replace_at(at + 2);
  replace_at(0);
  return own;
}

std::string Dropped::own(std::string_view path) const {
  return request_ == nullptr ? std::string(path) : own_path(*request_, path);
}

void Dropped::add(std::string_view path, DropReason reason) {
  if (reason == DropReason::unsupported && request_ != nullptr && is_usual(*request_, path)) return;
  add_own(own(path), reason);
}

void Dropped::add_own(std::string_view path, DropReason reason) {
  std::string clean(path.substr(0, max_path_bytes));
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return c <= ' ' || c > '~' || c == ',' || c == '='; }, '?');
  if (std::any_of(drops_.begin(), drops_.end(), [&](const Drop& drop) { return drop.path == clean; })) return;
  if (drops_.size() == max_drops) {
    ++more_;
    return;
  }
  drops_.push_back({std::move(clean), reason});
}

void Dropped::take(Dropped& other) {
  for (const Drop& drop : other.drops_) add_own(drop.path, drop.reason);
  more_ += other.more_;
  other = {};
}

void Dropped::put_into(std::span<const OwnWord> words) {
  request_ = nullptr;
  for (Drop& drop : drops_) drop.path = in_words(drop.path, words);
}

bool Dropped::loses() const {
  return more_ != 0 || std::any_of(drops_.begin(), drops_.end(),
                                   [](const Drop& drop) { return drop.reason != DropReason::invented; });
}

std::string Dropped::text(size_t max_bytes) const {
  constexpr size_t count_bytes = 12;  // ", +" and a number
  std::string out;
  for (size_t i = 0; i < drops_.size(); ++i) {
    std::string next = out.empty() ? "" : ", ";
    next += drops_[i].path;
    next += '=';
    next += name_of(drops_[i].reason);
    if (out.size() + next.size() + count_bytes > max_bytes)
      return out + ", +" + std::to_string(drops_.size() - i + more_);
    out += next;
  }
  if (more_ != 0) out += ", +" + std::to_string(more_);
  return out;
}

}  // namespace sluice::api
