// How a fixture goes on when system calls fail by seed (builds with READYLOOP_FAULTS): what a test calls one turn is then
// as many as it takes until one was left alone, and its records are those of all of them. In other builds nothing is ever
// disturbed.
#pragma once

#ifdef READYLOOP_FAULTS

#include <chrono>
#include <optional>

#include "faults/fault_plan.h"

namespace readyloop::test {

using faults::injected;
inline constexpr bool kIsDisturbed = true;

// Something that was expected may have come in an earlier turn than the test thinks.
inline constexpr std::optional<std::chrono::nanoseconds> kLongestTurn = std::chrono::seconds(2);

}  // namespace readyloop::test

#else

#include <chrono>
#include <cstdint>
#include <optional>

namespace readyloop::test {

[[nodiscard]] inline std::uint64_t injected() noexcept { return 0; }
inline constexpr bool kIsDisturbed = false;
inline constexpr std::optional<std::chrono::nanoseconds> kLongestTurn = std::nullopt;

}  // namespace readyloop::test

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
