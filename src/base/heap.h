// How much freed memory the allocator keeps, and when it goes back to the system (mallopt(3), malloc_trim(3)).
#pragma once

namespace sluice {

// Call once, before any thread starts. Freed blocks of up to 2.5 MB stay with the allocator: getting them from the
// system again, page by page, costs more than moving the bytes of a large body. Code that frees much calls
// give_freed_memory_back().
void keep_freed_memory();

// Takes some hundred microseconds after much was freed. Only a thread itself can return the end of its arena.
void give_freed_memory_back();

}  // namespace sluice
