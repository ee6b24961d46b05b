// Points and spans of monotonic time, in nanoseconds. Arithmetic saturates instead of wrapping: a delay
// of a thousand years is a deadline that never comes, not one in the past. The two helpers at the end
// are the only conversions to the milliseconds that JavaScript sees; they are monotone, so an instant
// that is not before another is not before it in milliseconds either.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace readyloop::base {

using Duration = std::chrono::nanoseconds;

// A point of the monotonic clock, whose zero means nothing (on Linux: the boot).
struct Instant {
  std::int64_t ns = 0;

  // Later than every real one: a timer armed for it never fires.
  [[nodiscard]] static constexpr Instant never() noexcept {
    return Instant{std::numeric_limits<std::int64_t>::max()};
  }
};

constexpr bool operator==(Instant a, Instant b) noexcept { return a.ns == b.ns; }
constexpr bool operator!=(Instant a, Instant b) noexcept { return a.ns != b.ns; }
constexpr bool operator<(Instant a, Instant b) noexcept { return a.ns < b.ns; }
constexpr bool operator<=(Instant a, Instant b) noexcept { return a.ns <= b.ns; }
constexpr bool operator>(Instant a, Instant b) noexcept { return a.ns > b.ns; }
constexpr bool operator>=(Instant a, Instant b) noexcept { return a.ns >= b.ns; }

// `from` + `span`, saturated at both ends of the range.
[[nodiscard]] constexpr Instant later(Instant from, Duration span) noexcept {
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  constexpr auto min = std::numeric_limits<std::int64_t>::min();
  const std::int64_t step = span.count();
  if (step > 0 && from.ns > max - step) return Instant{max};
  if (step < 0 && from.ns < min - step) return Instant{min};
  return Instant{from.ns + step};
}

// The span from `now` to `deadline`: zero when it has passed, saturated when it is very far.
[[nodiscard]] constexpr Duration until(Instant now, Instant deadline) noexcept {
  if (deadline <= now) return Duration::zero();
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  if (now.ns < 0 && deadline.ns > max + now.ns) return Duration::max();
  return Duration(deadline.ns - now.ns);
}

// The instant in milliseconds with fractions, as now() and timers show it in JavaScript.
[[nodiscard]] constexpr double to_milliseconds(Instant instant) noexcept {
  return static_cast<double>(instant.ns) / 1e6;
}

static_assert(later(Instant{1}, Duration::max()) == Instant::never());
static_assert(later(Instant{-2}, Duration::min()).ns == std::numeric_limits<std::int64_t>::min());
static_assert(until(Instant{5}, Instant{3}) == Duration::zero());
static_assert(until(Instant{-5}, Instant::never()) == Duration::max());

}  // namespace readyloop::base
