// One large piece, taken and freed. See heap.h.
#include "base/heap.h"

#include <cstddef>
#include <cstdlib>

namespace readyloop::base {

namespace {

// No page of it is touched. A larger piece than 32 MB tells glibc nothing, nor on 32 bits one than 512 KB: there, memory
// of up to half a megabyte is what can be reused. (heap_test)
constexpr std::size_t kPieceBytes = sizeof(void*) >= 8 ? 16 * 1024 * 1024 : 500 * 1024;

bool take_and_free() noexcept {
  // Volatile, or the compiler sees that nobody uses it.
  void* volatile piece = std::malloc(kPieceBytes);
  std::free(piece);
  return true;
}

}  // namespace

void reuse_freed_memory() noexcept { [[maybe_unused]] static const bool done = take_and_free(); }

}  // namespace readyloop::base
