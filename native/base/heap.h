// What the C library does with freed memory, which for blocks of a socket's chunks decides whether they cost page faults.
#pragma once

namespace readyloop::base {

// Lets memory that was freed serve again instead of going back to the kernel, once in a process.
//
// Quirk (glibc): what is freed at the end of the heap beyond 128 KiB goes back to the kernel, and pieces above that size
// are mapped afresh each time, so memory that is taken and freed all the time faults on every page. Both limits grow by
// themselves as soon as a larger mapped piece is freed (M_MMAP_THRESHOLD in mallopt(3)), which is all that this does: as
// a program would that drops a buffer of 16 MiB. The kernel gets back what is beyond 32 MiB, about what the collector
// lets arise of dead chunks. Limits that the program or its environment set stay. Elsewhere nothing changes.
void reuse_freed_memory() noexcept;

}  // namespace readyloop::base
