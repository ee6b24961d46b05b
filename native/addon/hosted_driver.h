// What a loop sees of whoever drives it from within a host's own loop. There are two: UvDriver joins libuv, where the host
// has one; PollerDriver needs nothing but Node-API, and waits in a thread of its own.
// A driver has an owner and a host, and is deleted when both have let go.
#pragma once

#include <node_api.h>

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "loop/loop.h"

namespace readyloop::addon {

enum class DriverKind { kUv, kPoller };

inline constexpr std::string_view kUvDriverName = "uv";
inline constexpr std::string_view kPollerDriverName = "poller";

[[nodiscard]] constexpr std::optional<DriverKind> to_driver_kind(std::string_view name) noexcept {
  if (name == kUvDriverName) return DriverKind::kUv;
  if (name == kPollerDriverName) return DriverKind::kPoller;
  return std::nullopt;
}

class HostedDriver {
 public:
  // The loop and the clock outlive release(). EINVAL: `drain` is no function or `resource` no object;
  // ENOSYS: the host has no libuv; otherwise what the system said.
  [[nodiscard]] static base::Result<HostedDriver*> start(DriverKind kind, napi_env env, loop::Loop& loop,
                                                         base::Clock& clock, napi_value drain,
                                                         napi_value resource) noexcept;

  HostedDriver(const HostedDriver&) = delete;
  HostedDriver& operator=(const HostedDriver&) = delete;

  // Whether this loop keeps the process alive.
  virtual void set_ref(bool referenced) noexcept = 0;

  // The owner lets go, from inside a drain too. The pointer is dead afterwards.
  virtual void release() noexcept = 0;

  // For a driver that nobody asks before the host blocks: whoever has changed something outside of a turn says so, and
  // after each turn. True: another turn is needed, and ask_turn() is to be called once the host has had its say.
  [[nodiscard]] virtual bool settle() noexcept = 0;
  virtual void ask_turn() noexcept = 0;

 protected:
  HostedDriver() noexcept = default;
  virtual ~HostedDriver() = default;
};

}  // namespace readyloop::addon
