// The conversions of args.h. Both round so that the promise "never early" survives floating point.
#include "addon/args.h"

#include <cmath>
#include <cstdint>

namespace readyloop::addon {
namespace {

constexpr double kNanosecondsPerMillisecond = 1e6;

// 2^63: the first double that no longer fits, so the comparison with it is exact.
constexpr double kTooManyNanoseconds = 9223372036854775808.0;

}  // namespace

base::Duration to_duration(double ms) noexcept {
  const double ns = std::ceil(ms * kNanosecondsPerMillisecond);
  if (ns <= 0) return base::Duration::zero();
  if (ns >= kTooManyNanoseconds) return base::Duration::max();
  return base::Duration(static_cast<std::int64_t>(ns));
}

base::Instant to_instant(double ms) noexcept {
  const double ns = std::ceil(ms * kNanosecondsPerMillisecond);
  if (ns >= kTooManyNanoseconds) return base::Instant::never();
  if (ns < -kTooManyNanoseconds) return base::Instant{INT64_MIN};
  base::Instant instant{static_cast<std::int64_t>(ns)};
  // The product was rounded to a double, possibly down. Past 2^53 ns (an uptime of 104 days) a double no longer
  // tells neighbours apart, so a few steps may be needed.
  while (base::to_milliseconds(instant) < ms) ++instant.ns;
  return instant;
}

}  // namespace readyloop::addon
