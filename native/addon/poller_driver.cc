// Turns on the loop's thread, asked for from two threads.
#include "addon/poller_driver.h"

#include <cerrno>

#include "addon/args.h"
#include "addon/drain_call.h"

namespace readyloop::addon {

struct PollerDriver::OnHost {
  // On the loop's thread. Without an environment: the host throws away what it had queued, and the driver may be gone.
  static void called(napi_env env, napi_value drain, void* driver, void*) noexcept {
    if (env != nullptr) static_cast<PollerDriver*>(driver)->called(drain);
  }
  static void finalized(napi_env, void* driver, void*) noexcept { static_cast<PollerDriver*>(driver)->host_let_go(); }
  static void environment_ends(void* driver) noexcept {
    PollerDriver& self = *static_cast<PollerDriver*>(driver);
    self.has_hook_ = false;
    self.close();
  }
  // On the poller's thread.
  static void something_ready(void* driver) noexcept { static_cast<PollerDriver*>(driver)->call(); }
};

PollerDriver::PollerDriver(napi_env env, loop::Loop& loop, base::Clock& clock) noexcept
    : env_(env), loop_(loop), clock_(clock) {}

PollerDriver::~PollerDriver() = default;

base::Result<HostedDriver*> PollerDriver::start(napi_env env, loop::Loop& loop, base::Clock& clock, napi_value drain,
                                                napi_value resource) noexcept {
  auto* driver = new PollerDriver(env, loop, clock);
  const base::Status status = driver->open(drain, resource);
  if (status.ok()) return static_cast<HostedDriver*>(driver);
  driver->release();
  return status;
}

base::Status PollerDriver::open(napi_value drain, napi_value resource) noexcept {
  napi_value name = nullptr;
  if (napi_create_string_utf8(env_, "readyloop", NAPI_AUTO_LENGTH, &name) != napi_ok) {
    return base::Status(ECANCELED, "napi_create_string_utf8");
  }
  constexpr std::size_t kUnlimited = 0;
  constexpr std::size_t kThreads = 1;
  if (napi_create_threadsafe_function(env_, drain, resource, name, kUnlimited, kThreads, this, OnHost::finalized, this,
                                      OnHost::called, &function_) != napi_ok) {
    function_ = nullptr;
    return base::Status(EINVAL, "startHosted");
  }
  ignore_status(napi_unref_threadsafe_function(env_, function_));
  // Hooks run in the reverse order, so this one joins the thread before the host closes the function that it calls.
  if (napi_add_env_cleanup_hook(env_, OnHost::environment_ends, this) != napi_ok) {
    return base::Status(ECANCELED, "napi_add_env_cleanup_hook");
  }
  has_hook_ = true;
  auto thread = loop::PollerThread::start(OnHost::something_ready, this, clock_);
  if (!thread.ok()) return thread.status();
  thread_ = thread.take();
  return base::Status();
}

void PollerDriver::set_ref(bool referenced) noexcept {
  if (closing_) return;
  if (referenced) {
    ignore_status(napi_ref_threadsafe_function(env_, function_));
  } else {
    ignore_status(napi_unref_threadsafe_function(env_, function_));
  }
}

// What promise reactions and the host's own callbacks have written goes first, and watches are re-armed, because both
// may append a record.
bool PollerDriver::settle() noexcept {
  if (closing_) return false;
  loop_.flush();
  loop_.rearm_watches();
  const auto deadline = loop_.next_deadline();
  if (loop_.has_records() || (deadline && *deadline <= clock_.now())) return true;
  arm_thread();
  return false;
}

void PollerDriver::arm_thread() noexcept {
  wanted_.clear();
  std::uint64_t revision = 0;
  if (loop_.descriptor() >= 0) {
    wanted_.push_back(pollfd{loop_.descriptor(), POLLIN, 0});
  } else {
    loop_.append_pollfds(wanted_);
    revision = loop_.pollfds_revision();
  }
  thread_->arm(wanted_, revision, loop_.next_deadline().value_or(base::Instant::never()));
}

void PollerDriver::ask_turn() noexcept {
  if (closing_) return;
  is_asked_ = true;
  call();
}

void PollerDriver::call() noexcept {
  if (is_called_.exchange(true)) return;
  const napi_status status = napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
  // The host ends, and has counted this thread out: to name the function once more would be one time too many.
  if (status == napi_closing) host_closed_ = true;
}

void PollerDriver::called(napi_value drain) noexcept {
  is_called_ = false;
  // in_turn_: a module that runs Node's loop from inside a callback (deasync does) must not start a turn in a turn. The
  // end of the outer one settles.
  if (in_turn_ || closing_) return;
  in_turn_ = true;
  turn(drain);
  in_turn_ = false;
  // JavaScript closed the loop and then let the host's loop run, all inside this turn.
  if (finished_ && released_) delete this;
}

void PollerDriver::turn(napi_value drain) noexcept {
  if (!is_mid_turn_ && !select()) return;
  is_asked_ = false;
  is_mid_turn_ = call_drain_in_scope(env_, drain) == DrainAnswer::kReenter && !closing_;
  if (is_mid_turn_) call();
}

// True: the drain is to be called. Otherwise the thread waits again.
bool PollerDriver::select() noexcept {
  do {
    if (!loop_.run_once(base::Duration::zero()).ok()) {
      napi_fatal_error("readyloop::PollerDriver::select", NAPI_AUTO_LENGTH,
                       "the selector failed, so no readiness can be known any more", NAPI_AUTO_LENGTH);
    }
    if (loop_.has_records() || is_asked_) return true;
  } while (settle());
  return false;
}

void PollerDriver::release() noexcept {
  close();
  released_ = true;
  // Deleted at the end of the turn, if this is one.
  if (finished_ && !in_turn_) delete this;
}

// After this the thread looks at the loop's descriptors no more, so the owner may close them at once.
void PollerDriver::close() noexcept {
  if (closing_) return;
  closing_ = true;
  thread_.reset();
  if (function_ == nullptr) {
    finished_ = true;
    return;
  }
  if (has_hook_) ignore_status(napi_remove_env_cleanup_hook(env_, OnHost::environment_ends, this));
  has_hook_ = false;
  if (!host_closed_) ignore_status(napi_release_threadsafe_function(function_, napi_tsfn_abort));
}

// The function is gone, because it was released, or because the environment ends.
void PollerDriver::host_let_go() noexcept {
  host_closed_ = true;
  close();
  finished_ = true;
  if (released_ && !in_turn_) delete this;
}

}  // namespace readyloop::addon
