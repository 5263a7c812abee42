#include "base/heap.h"

#include <malloc.h>

#include <cstdlib>

namespace sluice {
namespace {

constexpr int kept_bytes = 16 << 20;  // at the end of each thread's arena

}  // namespace

void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 5 << 19);
  ::mallopt(M_TRIM_THRESHOLD, kept_bytes);
}

void give_freed_memory_back() {
  // malloc_trim() leaves the end of every arena but the main thread's. free() returns that end when it is above the
  // threshold and a large block was freed next to it.
  constexpr size_t large_bytes = 128 * 1024;
  ::mallopt(M_TRIM_THRESHOLD, large_bytes);
  void* volatile piece = std::malloc(large_bytes);
  std::free(piece);
  ::mallopt(M_TRIM_THRESHOLD, kept_bytes);
  ::malloc_trim(0);
}

}  // namespace sluice
