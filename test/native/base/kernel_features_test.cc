// What a kernel is asked for `readyloop doctor`: each question has a name of its own, an answer that does not change,
// and leaves nothing open.
#include "base/kernel_features.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "base/syscalls.h"
#include "support/descriptors.h"

using namespace readyloop::base;
using namespace readyloop::test;

TEST_CASE("KernelFeatures: every feature has a name of its own, and its answer stays") {
  const KernelFeatureList list = kernel_features();
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.count; ++i) {
    CHECK(names.insert(list.first[i].name).second);
    CHECK(list.first[i].probe() == list.first[i].probe());
  }
}

TEST_CASE("KernelFeatures: asking leaves no descriptor open") {
  // The lowest free numbers, before and after.
  const int before = make_pipe().writer.get();
  const KernelFeatureList list = kernel_features();
  for (std::size_t i = 0; i < list.count; ++i) static_cast<void>(list.first[i].probe());
  CHECK(make_pipe().writer.get() == before);
}
