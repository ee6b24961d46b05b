// The source that watches Node's descriptor, and the waits around it.
#include "addon/host_wake.h"

#include <poll.h>

#include <algorithm>
#include <memory>

#include "loop/source.h"
#include "selector/interest.h"

namespace readyloop::addon {
namespace {

constexpr selector::Interest kReadableEdge{true, false, selector::Mode::kEdge};
constexpr selector::Interest kReadableOnce{true, false, selector::Mode::kOneShot};

bool is_readable(int descriptor) noexcept {
  pollfd probe{descriptor, POLLIN, 0};
  return ::poll(&probe, 1, 0) > 0;
}

}  // namespace

// Reports by ending the select; it has no record to append, because no sink is waiting.
class HostWake::Alarm final : public loop::Source {
 public:
  explicit Alarm(bool& has_reported) noexcept : has_reported_(has_reported) {}
  void on_ready(selector::Readiness) noexcept override { has_reported_ = true; }

 private:
  bool& has_reported_;
};

base::Result<std::uint32_t> HostWake::run_once(loop::Loop& loop, int backend,
                                               std::optional<base::Duration> max_wait) noexcept {
  const base::Duration wanted = max_wait.value_or(loop::kLongestWait);
  if (wanted <= base::Duration::zero()) return loop.run_once(max_wait);
  return loop.run_once(std::min(wanted, backend < 0 ? kBlindWait : watch(loop, backend)));
}

base::Duration HostWake::watch(loop::Loop& loop, int backend) noexcept {
  // Failing means that this system cannot watch one selector in another: the capped waits remain.
  if (!token_ && !start(loop, backend, kReadableEdge) && !start(loop, backend, kReadableOnce)) return kNoisyWait;
  if (!has_reported_) return loop::kLongestWait;
  if (is_readable(backend)) return has_edges_ ? kEdgeWait : kNoisyWait;
  // Node's loop has run since, and is quiet.
  if (!has_edges_ && !loop.registry().modify(*token_, kReadableOnce).ok()) return kNoisyWait;
  has_reported_ = false;
  return loop::kLongestWait;
}

bool HostWake::start(loop::Loop& loop, int backend, selector::Interest interest) noexcept {
  auto token = loop.registry().register_source(std::make_unique<Alarm>(has_reported_), backend, interest);
  if (!token.ok()) return false;
  token_ = token.value();
  has_edges_ = interest.mode == selector::Mode::kEdge;
  has_reported_ = false;
  return true;
}

void HostWake::stop(loop::Loop& loop) noexcept {
  if (token_) loop.registry().deregister(*token_);
  token_.reset();
}

}  // namespace readyloop::addon
