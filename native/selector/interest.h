// What we ask the kernel about a descriptor (Interest) and what it answers (Readiness). The bits of a
// Readiness are the ones that JavaScript sees in a record. Both are plain values; neither knows which
// backend is in use.
#pragma once

#include <cstdint>

namespace readyloop::selector {

// Fixed when a descriptor is registered. kLevel reports while the condition holds: for descriptors that
// we own and read dry. kOneShot reports once and is then silent until it is armed again with
// modify_fd(): for foreign descriptors, where nobody may ever read and a level would spin. kEdge reports what is
// there, and then each thing that happens once, without being armed again: for the descriptor of another selector. Only
// epoll has it; elsewhere registering is refused with ENOTSUP.
enum class Mode : std::uint8_t { kLevel, kOneShot, kEdge };

struct Interest {
  bool readable = false;
  bool writable = false;
  Mode mode = Mode::kOneShot;

  [[nodiscard]] constexpr bool none() const noexcept { return !readable && !writable; }
};

inline constexpr std::uint8_t kReadable = 1;
inline constexpr std::uint8_t kWritable = 2;
inline constexpr std::uint8_t kHangup = 4;
inline constexpr std::uint8_t kError = 8;

// Not for records: the descriptor is closed and its registration is gone. Only poll(2) finds that out while it waits.
inline constexpr std::uint8_t kGone = 16;

struct Readiness {
  std::uint8_t bits = 0;

  // A hang-up or an error wakes both directions: whoever waits must try its call and see the failure.
  [[nodiscard]] constexpr Readiness for_reader() const noexcept {
    return Readiness{static_cast<std::uint8_t>(bits & (kReadable | kHangup | kError))};
  }
  [[nodiscard]] constexpr Readiness for_writer() const noexcept {
    return Readiness{static_cast<std::uint8_t>(bits & (kWritable | kHangup | kError))};
  }
  [[nodiscard]] constexpr bool gone() const noexcept { return (bits & kGone) != 0; }
  [[nodiscard]] constexpr bool any() const noexcept { return bits != 0; }
};

}  // namespace readyloop::selector
