// How a fixture goes on when system calls fail by seed (builds with READYLOOP_FAULTS): what a test calls one turn is then
// as many as it takes until one was left alone, and its records are those of all of them. In other builds nothing is ever
// disturbed.
#pragma once

#ifdef READYLOOP_FAULTS

#include "faults/fault_plan.h"

namespace readyloop::test {
using faults::injected;
}

#else

#include <cstdint>

namespace readyloop::test {
[[nodiscard]] inline std::uint64_t injected() noexcept { return 0; }
}

#endif

namespace readyloop::test {

// Calls `step` until nothing was injected while it ran.
template <typename Step>
void until_undisturbed(Step step) {
  for (std::uint64_t before = injected();; before = injected()) {
    step();
    if (injected() == before) return;
  }
}

}  // namespace readyloop::test
