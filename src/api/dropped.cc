#include "api/dropped.h"

#include <algorithm>

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

void Dropped::add(std::string_view path, DropReason reason) {
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
  for (const Drop& drop : other.drops_) add(drop.path, drop.reason);
  more_ += other.more_;
  other = {};
}

void Dropped::put_into(std::span<const OwnWord> words) {
  for (Drop& drop : drops_) {
    for (const OwnWord& word : words) {
      const std::string_view path = drop.path;
      const bool is_it =
          path.starts_with(word.neutral) && (path.size() == word.neutral.size() || path[word.neutral.size()] == '.');
      if (!is_it) continue;
      drop.path = std::string(word.own).append(path.substr(word.neutral.size()));
      break;
    }
  }
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
