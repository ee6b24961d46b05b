// Spans of time in the shapes that system calls want. Waits are rounded up, because a wait cut to whole milliseconds
// would end before its deadline and spin through the rest of it; and they saturate.
#pragma once

#include <ctime>
#include <limits>

#include "base/instant.h"

namespace readyloop::selector {

[[nodiscard]] constexpr timespec to_timespec(base::Duration wait) noexcept {
  if (wait <= base::Duration::zero()) return timespec{0, 0};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
  return timespec{static_cast<std::time_t>(seconds.count()), static_cast<long>((wait - seconds).count())};
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
static_assert(to_timespec(std::chrono::nanoseconds(1'000'000'001)).tv_sec == 1);
static_assert(to_timespec(std::chrono::nanoseconds(1'000'000'001)).tv_nsec == 1);

}  // namespace readyloop::selector
