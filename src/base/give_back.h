// Empties a string or a vector and frees its memory, which neither clear() nor `= {}` does.
#pragma once

namespace sluice {

template <typename Container>
void give_back(Container& container) {
  Container().swap(container);
}

}  // namespace sluice
