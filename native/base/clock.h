// Where the loop reads the time. SystemClock is CLOCK_MONOTONIC; ManualClock stands still until a test
// moves it, so that no test of timers waits. A clock never goes backwards.
#pragma once

#include "base/instant.h"

namespace readyloop::base {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() noexcept = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() noexcept override;
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = Instant{}) noexcept : now_(start) {}
  [[nodiscard]] Instant now() noexcept override { return now_; }
  void advance(Duration span) noexcept;

 private:
  Instant now_;
};

}  // namespace readyloop::base
