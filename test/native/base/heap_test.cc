// Memory of a size that glibc would map afresh each time comes from its heap afterwards.
#include "base/heap.h"

#include <doctest/doctest.h>
#include <malloc.h>

#include <cstdlib>

namespace readyloop::base {

TEST_CASE("reuse_freed_memory: a piece of a megabyte is not mapped afresh") {
  reuse_freed_memory();
  const auto mapped = mallinfo2().hblks;
  void* volatile piece = std::malloc(1024 * 1024);
  CHECK(mallinfo2().hblks == mapped);
  std::free(piece);
}

}  // namespace readyloop::base
