// Memory of a size that glibc would map afresh each time comes from its heap afterwards.
#include "base/heap.h"

#include <doctest/doctest.h>
#include <malloc.h>

#include <cstdlib>

namespace readyloop::base {

// Glibc maps pieces of this size afresh unless it was told otherwise: from 128 KB on.
constexpr std::size_t kLarge = sizeof(void*) >= 8 ? 1024 * 1024 : 400 * 1024;

TEST_CASE("reuse_freed_memory: a large piece is not mapped afresh") {
  reuse_freed_memory();
  const auto mapped = mallinfo2().hblks;
  void* volatile piece = std::malloc(kLarge);
  CHECK(mallinfo2().hblks == mapped);
  std::free(piece);
}

}  // namespace readyloop::base
