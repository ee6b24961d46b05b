// Lets a thread that blocks in an owned loop notice that Node wants it back. worker.terminate() marks the
// worker and then wakes the worker's own uv loop, where nobody sleeps while ours blocks; so a blocked wait also
// watches the descriptor of that loop, ends when it becomes readable, and the return to JavaScript does the rest.
//
// The descriptor is just as readable when Node has ordinary work that stands still meanwhile, and in a worker it is so
// nearly always. It is therefore watched one-shot; while it stays readable each wait is capped instead, and when it is
// quiet it is watched again.
#pragma once

#include <cstdint>
#include <optional>

#include "base/instant.h"
#include "base/status.h"
#include "base/token.h"
#include "loop/loop.h"

namespace readyloop::addon {

class HostWake {
 public:
  // The longest wait while Node has work pending, and so how late a termination is then seen.
  static constexpr base::Duration kNoisyWait = std::chrono::milliseconds(50);

  HostWake() noexcept = default;
  HostWake(const HostWake&) = delete;
  HostWake& operator=(const HostWake&) = delete;

  // loop.run_once(), ending early as said above. `backend` is Node's descriptor, or -1 if it has none.
  [[nodiscard]] base::Result<std::uint32_t> run_once(loop::Loop& loop, int backend,
                                                     std::optional<base::Duration> max_wait) noexcept;

  // Watches no longer. Needed before Node watches the loop's descriptor: two epolls that watch each other are refused
  // (ELOOP).
  void stop(loop::Loop& loop) noexcept;

 private:
  class Alarm;

  // True: a wait may be as long as it likes.
  [[nodiscard]] bool watch(loop::Loop& loop, int backend) noexcept;

  std::optional<base::Token> token_;
  bool armed_ = false;  // cleared by the alarm
};

}  // namespace readyloop::addon
