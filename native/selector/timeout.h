// Spans of time in the shapes that system calls want. Waits are rounded up, because a wait cut to whole milliseconds
// would end before its deadline and spin through the rest of it; and they saturate.
#pragma once

#include <cstdint>
#include <ctime>
#include <limits>

#include "base/instant.h"

namespace readyloop::selector {

// `Seconds`: the type of the seconds, which in the C library of some 32-bit machines has 32 bits: 68 years, where a
// Duration can be 292.
template <typename Seconds>
[[nodiscard]] constexpr Seconds to_whole_seconds(base::Duration wait) noexcept {
  const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(wait).count();
  constexpr Seconds max = std::numeric_limits<Seconds>::max();
  return seconds > std::int64_t{max} ? max : static_cast<Seconds>(seconds);
}

[[nodiscard]] constexpr timespec to_timespec(base::Duration wait) noexcept {
  if (wait <= base::Duration::zero()) return timespec{0, 0};
  timespec time{};
  time.tv_sec = to_whole_seconds<std::time_t>(wait);
  time.tv_nsec = static_cast<long>((wait % std::chrono::seconds(1)).count());
  return time;
}

// An int of milliseconds ends after about 24.8 days.
[[nodiscard]] constexpr int to_milliseconds_rounded_up(base::Duration wait) noexcept {
  if (wait <= base::Duration::zero()) return 0;
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(wait);
  constexpr auto max = std::numeric_limits<int>::max();
  if (whole.count() >= max) return max;
  return static_cast<int>(whole.count()) + (whole < wait ? 1 : 0);
}

static_assert(to_milliseconds_rounded_up(std::chrono::microseconds(100)) == 1);
static_assert(to_milliseconds_rounded_up(std::chrono::milliseconds(7)) == 7);
static_assert(to_milliseconds_rounded_up(base::Duration::max()) == std::numeric_limits<int>::max());
static_assert(to_whole_seconds<std::int32_t>(base::Duration::max()) == std::numeric_limits<std::int32_t>::max());
static_assert(to_whole_seconds<std::int32_t>(std::chrono::milliseconds(2999)) == 2);
static_assert(to_whole_seconds<std::int64_t>(base::Duration::max()) == 9'223'372'036);
static_assert(to_timespec(std::chrono::nanoseconds(1'000'000'001)).tv_sec == 1);
static_assert(to_timespec(std::chrono::nanoseconds(1'000'000'001)).tv_nsec == 1);

}  // namespace readyloop::selector
