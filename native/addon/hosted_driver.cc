// The handles of hosted_driver.h and the order in which they act within one iteration of Node's loop:
// prepare, poll, check, timers. (Up to libuv 1.44 the timers came first; nothing here depends on it.)
#include "addon/hosted_driver.h"

#include <uv.h>

#include <cerrno>
#include <chrono>
#include <cstdint>

#include "addon/args.h"

namespace readyloop::addon {

struct HostedDriver::Handles {
  uv_loop_t* host = nullptr;
  uv_prepare_t prepare;
  uv_check_t check;
  uv_idle_t idle;
  uv_timer_t timer;
  // The anchor is what libuv hears us through, and what keeps the process alive: a uv_poll on the selector's
  // descriptor, or a uv_async that the poller thread sends where there is no descriptor.
  uv_poll_t poll;
  uv_async_t async;
  uv_handle_t* anchor = nullptr;
  int open = 0;  // handles that libuv still holds
};

struct HostedDriver::OnHost {
  static HostedDriver& of(void* handle) noexcept {
    return *static_cast<HostedDriver*>(static_cast<uv_handle_t*>(handle)->data);
  }
  static void prepare(uv_prepare_t* handle) noexcept { of(handle).prepare(); }
  static void check(uv_check_t* handle) noexcept { of(handle).turn(); }
  static void timer(uv_timer_t* handle) noexcept { of(handle).turn_unless_spinning(); }
  static void async(uv_async_t* handle) noexcept { of(handle).turn_unless_spinning(); }
  // A failing poll(2) of the descriptor is seen by the turn's own select, so status and events say nothing more.
  static void poll(uv_poll_t* handle, int, int) noexcept { of(handle).turn_unless_spinning(); }
  // An active idle handle is the whole effect: libuv does not block beside one.
  static void idle(uv_idle_t*) noexcept {}
  static void closed(uv_handle_t* handle) noexcept { of(handle).handle_closed(); }

  static void environment_ends(napi_async_cleanup_hook_handle, void* driver) noexcept {
    static_cast<HostedDriver*>(driver)->close_handles();
  }
  // On the poller's thread. uv_async_send is the one libuv call that is allowed there; it cannot fail on a handle
  // that is open, and the poller is joined before the handle is closed.
  static void descriptor_ready(void* handle) noexcept { uv_async_send(static_cast<uv_async_t*>(handle)); }
};

namespace {

// Rounded up: a deadline 0.1 ms away must not become a uv_timer of 0 ms that fires early again and again.
std::uint64_t ceil_milliseconds(base::Duration wait) noexcept {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

template <typename Handle>
uv_handle_t* as_handle(Handle& handle) noexcept {
  return reinterpret_cast<uv_handle_t*>(&handle);
}

}  // namespace

HostedDriver::HostedDriver(napi_env env, loop::Loop& loop, base::Clock& clock) noexcept
    : env_(env), loop_(loop), clock_(clock), handles_(new Handles) {}

HostedDriver::~HostedDriver() = default;

base::Result<HostedDriver*> HostedDriver::start(napi_env env, loop::Loop& loop, base::Clock& clock,
                                                napi_value drain, napi_value resource) noexcept {
  auto* driver = new HostedDriver(env, loop, clock);
  const base::Status status = driver->open(drain, resource);
  if (status.ok()) return driver;
  driver->release();
  return status;
}

base::Status HostedDriver::open(napi_value drain, napi_value resource) noexcept {
  if (napi_get_uv_event_loop(env_, &handles_->host) != napi_ok) return base::Status(ENOSYS, "napi_get_uv_event_loop");
  if (!drain_.open(env_, drain, resource)) return base::Status(EINVAL, "startHosted");
  // An ordinary cleanup hook would not do: libuv holds the handles until it has called back for each, and Node keeps
  // the environment for that long only if it is asked to wait.
  if (napi_add_async_cleanup_hook(env_, OnHost::environment_ends, this, &cleanup_hook_) != napi_ok) {
    return base::Status(ECANCELED, "napi_add_async_cleanup_hook");
  }
  if (const base::Status status = open_anchor(); !status.ok()) return status;
  open_hooks();
  return start_anchor();
}

base::Status HostedDriver::open_anchor() noexcept {
  Handles& handles = *handles_;
  if (loop_.descriptor() >= 0) {
    const int error = uv_poll_init(handles.host, &handles.poll, loop_.descriptor());
    if (error != 0) return base::Status(-error, "uv_poll_init");
    handles.anchor = as_handle(handles.poll);
  } else {
    const int error = uv_async_init(handles.host, &handles.async, OnHost::async);
    if (error != 0) return base::Status(-error, "uv_async_init");
    handles.anchor = as_handle(handles.async);
  }
  handles.anchor->data = this;
  handles.open = 1;
  uv_unref(handles.anchor);
  return base::Status();
}

base::Status HostedDriver::start_anchor() noexcept {
  Handles& handles = *handles_;
  if (loop_.descriptor() >= 0) {
    const int error = uv_poll_start(&handles.poll, UV_READABLE, OnHost::poll);
    return error == 0 ? base::Status() : base::Status(-error, "uv_poll_start");
  }
  auto poller = HostPoller::start(OnHost::descriptor_ready, &handles.async);
  if (!poller.ok()) return poller.status();
  poller_ = poller.take();
  return base::Status();
}

// libuv documents that these four cannot fail, given a callback.
void HostedDriver::open_hooks() noexcept {
  Handles& handles = *handles_;
  uv_prepare_init(handles.host, &handles.prepare);
  uv_check_init(handles.host, &handles.check);
  uv_idle_init(handles.host, &handles.idle);
  uv_timer_init(handles.host, &handles.timer);
  for (uv_handle_t* handle : {as_handle(handles.prepare), as_handle(handles.check), as_handle(handles.idle),
                              as_handle(handles.timer)}) {
    handle->data = this;
    ++handles.open;
    uv_unref(handle);
  }
  uv_prepare_start(&handles.prepare, OnHost::prepare);
}

void HostedDriver::set_ref(bool referenced) noexcept {
  if (closing_) return;
  if (referenced) {
    uv_ref(handles_->anchor);
  } else {
    uv_unref(handles_->anchor);
  }
}

// The last look before Node blocks. What promise reactions and Node's own callbacks have written goes first, and watches
// are re-armed, because both may append a record.
void HostedDriver::prepare() noexcept {
  has_turned_ = false;
  loop_.flush();
  loop_.rearm_watches();
  const auto deadline = loop_.next_deadline();
  if (loop_.has_records() || (deadline && *deadline <= clock_.now())) {
    start_spinning();
  } else {
    start_waiting();
  }
}

void HostedDriver::start_spinning() noexcept {
  uv_idle_start(&handles_->idle, OnHost::idle);
  uv_check_start(&handles_->check, OnHost::check);
  uv_timer_stop(&handles_->timer);
}

void HostedDriver::start_waiting() noexcept {
  uv_idle_stop(&handles_->idle);
  uv_check_stop(&handles_->check);
  arm_poller();
  const auto deadline = loop_.next_deadline();
  if (!deadline || *deadline == base::Instant::never()) {
    uv_timer_stop(&handles_->timer);
    return;
  }
  if (uv_is_active(as_handle(handles_->timer)) != 0 && *deadline == timer_deadline_) return;
  // Quirk: libuv counts from the time that it cached at the start of the iteration, so the timer can fire early by
  // as much as this iteration has lasted. The turn then finds nothing due, and the next prepare arms it again.
  uv_timer_start(&handles_->timer, OnHost::timer, ceil_milliseconds(base::until(clock_.now(), *deadline)), 0);
  timer_deadline_ = *deadline;
}

void HostedDriver::arm_poller() noexcept {
  if (poller_ == nullptr) return;
  snapshot_.clear();
  loop_.append_pollfds(snapshot_);
  poller_->arm(snapshot_, loop_.pollfds_revision());
}

// While the check handle is active this iteration's turn is its own, and a timer may end in an iteration that has had
// one; a second would break the order "what a turn queues runs after another poll of Node's". What is left out here
// is seen by the next prepare.
void HostedDriver::turn_unless_spinning() noexcept {
  if (!has_turned_ && uv_is_active(as_handle(handles_->check)) == 0) turn();
}

void HostedDriver::turn() noexcept {
  // in_turn_: a module that runs Node's loop from inside a callback (deasync does) must not start a turn in a turn.
  if (in_turn_ || closing_) return;
  in_turn_ = true;
  has_turned_ = true;
  if (!loop_.run_once(base::Duration::zero()).ok()) {
    napi_fatal_error("readyloop::HostedDriver::turn", NAPI_AUTO_LENGTH,
                     "the selector failed, so no readiness can be known any more", NAPI_AUTO_LENGTH);
  }
  if (loop_.has_records()) drain_.run();
  if (!closing_) loop_.flush();
  in_turn_ = false;
  // JavaScript closed the loop and then let Node's loop run, all inside this turn.
  if (closing_ && handles_->open == 0) finish();
}

void HostedDriver::release() noexcept {
  released_ = true;
  if (finished_) {
    delete this;
  } else {
    close_handles();
  }
}

// After this neither libuv nor the poller thread looks at the loop's descriptors, so the owner may close
// them at once: uv_close takes a uv_poll out of libuv's epoll before it returns.
void HostedDriver::close_handles() noexcept {
  if (closing_) return;
  closing_ = true;
  drain_.stop();
  poller_.reset();
  Handles& handles = *handles_;
  if (handles.open == 0) {
    finish();
    return;
  }
  uv_close(handles.anchor, OnHost::closed);
  if (handles.open == 1) return;
  uv_close(as_handle(handles.prepare), OnHost::closed);
  uv_close(as_handle(handles.check), OnHost::closed);
  uv_close(as_handle(handles.idle), OnHost::closed);
  uv_close(as_handle(handles.timer), OnHost::closed);
}

void HostedDriver::handle_closed() noexcept {
  if (--handles_->open == 0 && !in_turn_) finish();
}

// libuv has let go. The hook goes last, because the environment may be freed once it is gone.
void HostedDriver::finish() noexcept {
  drain_.release();
  finished_ = true;
  const napi_async_cleanup_hook_handle hook = cleanup_hook_;
  if (released_) delete this;
  if (hook != nullptr) ignore_status(napi_remove_async_cleanup_hook(hook));
}

int host_backend_descriptor(napi_env env) noexcept {
  uv_loop_t* host = nullptr;
  if (napi_get_uv_event_loop(env, &host) != napi_ok) return -1;
  return uv_backend_fd(host);
}

}  // namespace readyloop::addon
