// Empties a string or a vector and gives its memory back, which neither clear() nor `= {}` does.
#pragma once

namespace sluice {

template <typename Container>
void give_back(Container& container) {
  Container().swap(container);
}

}  // namespace sluice
