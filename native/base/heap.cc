// One large piece, taken and freed. See heap.h.
#include "base/heap.h"

#include <cstddef>
#include <cstdlib>

namespace readyloop::base {

namespace {

// No page of it is touched.
constexpr std::size_t kPieceBytes = 16 * 1024 * 1024;

bool take_and_free() noexcept {
  // Volatile, or the compiler sees that nobody uses it.
  void* volatile piece = std::malloc(kPieceBytes);
  std::free(piece);
  return true;
}

}  // namespace

void reuse_freed_memory() noexcept { [[maybe_unused]] static const bool done = take_and_free(); }

}  // namespace readyloop::base
