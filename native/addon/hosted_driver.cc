// The choice between the two drivers.
#include "addon/hosted_driver.h"

#include "addon/poller_driver.h"
#include "addon/uv_driver.h"

namespace readyloop::addon {

base::Result<HostedDriver*> HostedDriver::start(DriverKind kind, napi_env env, loop::Loop& loop, base::Clock& clock,
                                                napi_value drain, napi_value resource) noexcept {
  if (kind == DriverKind::kUv) return UvDriver::start(env, loop, clock, drain, resource);
  return PollerDriver::start(env, loop, clock, drain, resource);
}

}  // namespace readyloop::addon
