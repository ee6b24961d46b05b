// Lets a thread that blocks in an owned loop notice that Node wants it back. worker.terminate() marks the
// worker and then wakes the worker's own uv loop, where nobody sleeps while ours blocks; so a blocked wait also
// watches the descriptor of that loop, ends when something happens there, and the return to JavaScript does the rest.
//
// In a worker the descriptor is readable nearly always: V8 has posted tasks and the parent has sent messages, which
// stand still meanwhile. It is therefore watched by its edges: what waits already is reported once, and a termination
// is another event. Where a selector has no edges it is watched one-shot, and while it stays readable each wait is
// capped.
#pragma once

#include <cstdint>
#include <optional>

#include "base/instant.h"
#include "base/status.h"
#include "base/token.h"
#include "loop/loop.h"
#include "selector/interest.h"

namespace readyloop::addon {

class HostWake {
 public:
  // The longest wait while Node has work pending, and so how late a termination is then seen at the worst.
  static constexpr base::Duration kNoisyWait = std::chrono::milliseconds(50);

  // The same with edges. Quirk: libuv writes nothing for an async handle that is pending already, and a thread that asked
  // for a heap snapshot before has left the very handle pending that a termination uses. That one has no edge.
  static constexpr base::Duration kEdgeWait = std::chrono::seconds(1);

  // The same where the host has no descriptor to watch.
  static constexpr base::Duration kBlindWait = std::chrono::milliseconds(250);

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

  // The longest that a wait may be.
  [[nodiscard]] base::Duration watch(loop::Loop& loop, int backend) noexcept;
  [[nodiscard]] bool start(loop::Loop& loop, int backend, selector::Interest interest) noexcept;

  std::optional<base::Token> token_;
  bool has_edges_ = false;
  bool has_reported_ = false;  // the alarm sets it
};

}  // namespace readyloop::addon
