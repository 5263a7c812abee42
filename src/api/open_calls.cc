#include "api/open_calls.h"

namespace sluice::api {

void OpenCalls::add(const Call& call) {
  const auto number = static_cast<uint32_t>(calls_.size());
  calls_.push_back(call);
  ids_[call.id.escaped].numbers.push_back(number);
  names_[call.name.escaped].numbers.push_back(number);
}

void OpenCalls::clear() {
  calls_.clear();
  next_ = 0;
  ids_.clear();
  names_.clear();
}

size_t OpenCalls::first() {
  while (next_ != calls_.size() && calls_[next_].is_answered) ++next_;
  return next_ != calls_.size() ? next_ : none;
}

size_t OpenCalls::any_with_id(JsonText id) const {
  const auto found = ids_.find(id.escaped);
  return found != ids_.end() ? found->second.numbers.front() : none;
}

size_t OpenCalls::first_open(Index& index, JsonText key) {
  const auto found = index.find(key.escaped);
  if (found == index.end()) return none;
  Places& places = found->second;
  while (places.next != places.numbers.size() && calls_[places.numbers[places.next]].is_answered) ++places.next;
  return places.next != places.numbers.size() ? places.numbers[places.next] : none;
}

}  // namespace sluice::api
