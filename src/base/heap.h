// What the allocator keeps of freed memory, and when the system has it back (mallopt(3), malloc_trim(3)).
#pragma once

namespace sluice {

// Once, before any thread: memory of up to 2 MB that was freed stays with the allocator, since getting it anew from the
// system page by page costs more than carrying the bytes of a large body. Whoever makes it large gives it back.
void keep_freed_memory();

// Some hundred microseconds after much was freed. The end of a thread's part only its own thread can give back.
void give_freed_memory_back();

}  // namespace sluice
