// The source that watches Node's descriptor, and the waits around it.
#include "addon/host_wake.h"

#include <poll.h>

#include <algorithm>
#include <memory>

#include "loop/source.h"
#include "selector/interest.h"

namespace readyloop::addon {
namespace {

constexpr selector::Interest kReadableOnce{true, false, selector::Mode::kOneShot};

bool is_readable(int descriptor) noexcept {
  pollfd probe{descriptor, POLLIN, 0};
  return ::poll(&probe, 1, 0) > 0;
}

}  // namespace

// Reports by ending the select; it has no record to append, because no sink is waiting.
class HostWake::Alarm final : public loop::Source {
 public:
  explicit Alarm(bool& armed) noexcept : armed_(armed) {}
  void on_ready(selector::Readiness) noexcept override { armed_ = false; }

 private:
  bool& armed_;
};

base::Result<std::uint32_t> HostWake::run_once(loop::Loop& loop, int backend,
                                               std::optional<base::Duration> max_wait) noexcept {
  const bool blocks = backend >= 0 && (!max_wait || *max_wait > base::Duration::zero());
  if (blocks && !watch(loop, backend)) max_wait = max_wait ? std::min(*max_wait, kNoisyWait) : kNoisyWait;
  return loop.run_once(max_wait);
}

bool HostWake::watch(loop::Loop& loop, int backend) noexcept {
  if (armed_) return true;
  if (is_readable(backend)) return false;
  if (token_) {
    armed_ = loop.registry().modify(*token_, kReadableOnce).ok();
    return armed_;
  }
  // Failing means that this system cannot watch one selector in another: the capped waits remain.
  auto token = loop.registry().register_source(std::make_unique<Alarm>(armed_), backend, kReadableOnce);
  if (!token.ok()) return false;
  token_ = token.value();
  armed_ = true;
  return true;
}

void HostWake::stop(loop::Loop& loop) noexcept {
  if (token_) loop.registry().deregister(*token_);
  token_.reset();
  armed_ = false;
}

}  // namespace readyloop::addon
