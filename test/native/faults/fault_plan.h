// When a system call is to fail, and how: a seeded choice for each call. Compiled only into builds with READYLOOP_FAULTS,
// whose tables of calls ask here first. Every choice is a function of the seed and of the number of the call, so a
// process that makes the same calls in the same order sees the same faults; several threads share one numbering.
//
// READYLOOP_FAULT_SEED   without it nothing is injected
// READYLOOP_FAULT_RATE   faults among a thousand calls (default 50)
// READYLOOP_FAULT_KINDS  what is injected: "interruptions" (default), "failures", or both, "interruptions,failures"
//
// Interruptions are what a program must not notice: EINTR, EAGAIN, short counts, less readiness at a time. Failures are
// what it is told of: no descriptors, no memory, a connection that is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace readyloop::faults {

// Of the call in hand: an errno from the list, or 0 to let it through.
[[nodiscard]] int interruption(std::initializer_list<int> errors) noexcept;
[[nodiscard]] int failure(std::initializer_list<int> errors) noexcept;

// As many as the call may move: mostly `size`, now and then fewer, at least one.
[[nodiscard]] std::size_t allowance(std::size_t size) noexcept;

// Whether something that the kernel may do or leave happens this time.
[[nodiscard]] bool interrupts() noexcept;

// How many faults there were.
[[nodiscard]] std::uint64_t injected() noexcept;

}  // namespace readyloop::faults
