// The handles of uv_driver.h and the order in which they act within one iteration of Node's loop:
// prepare, poll, check, timers. (Up to libuv 1.44 the timers came first; nothing here depends on it.)
//
// libuv's header gives types and constants. Its functions are looked up by name, and a handle has the size that the libuv
// of this process wants, so a host may have another libuv than the one whose header was read, or none.
#include "addon/uv_driver.h"

#include <dlfcn.h>
#include <uv.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "addon/args.h"

namespace readyloop::addon {
namespace {

template <typename Function>
[[nodiscard]] bool look_up(const char* name, Function& out) noexcept {
  out = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  return out != nullptr;
}

// The functions of the process's libuv.
struct Uv {
  decltype(&uv_handle_size) handle_size;
  decltype(&uv_ref) ref;
  decltype(&uv_unref) unref;
  decltype(&uv_close) close;
  decltype(&uv_is_active) is_active;
  decltype(&uv_backend_fd) backend_fd;
  decltype(&uv_poll_init) poll_init;
  decltype(&uv_poll_start) poll_start;
  decltype(&uv_async_init) async_init;
  decltype(&uv_async_send) async_send;
  decltype(&uv_prepare_init) prepare_init;
  decltype(&uv_prepare_start) prepare_start;
  decltype(&uv_check_init) check_init;
  decltype(&uv_check_start) check_start;
  decltype(&uv_check_stop) check_stop;
  decltype(&uv_idle_init) idle_init;
  decltype(&uv_idle_start) idle_start;
  decltype(&uv_idle_stop) idle_stop;
  decltype(&uv_timer_init) timer_init;
  decltype(&uv_timer_start) timer_start;
  decltype(&uv_timer_stop) timer_stop;

  [[nodiscard]] bool find() noexcept {
    return look_up("uv_handle_size", handle_size) && look_up("uv_ref", ref) && look_up("uv_unref", unref) &&
           look_up("uv_close", close) && look_up("uv_is_active", is_active) &&
           look_up("uv_backend_fd", backend_fd) && look_up("uv_poll_init", poll_init) &&
           look_up("uv_poll_start", poll_start) && look_up("uv_async_init", async_init) &&
           look_up("uv_async_send", async_send) && look_up("uv_prepare_init", prepare_init) &&
           look_up("uv_prepare_start", prepare_start) && look_up("uv_check_init", check_init) &&
           look_up("uv_check_start", check_start) && look_up("uv_check_stop", check_stop) &&
           look_up("uv_idle_init", idle_init) && look_up("uv_idle_start", idle_start) &&
           look_up("uv_idle_stop", idle_stop) && look_up("uv_timer_init", timer_init) &&
           look_up("uv_timer_start", timer_start) && look_up("uv_timer_stop", timer_stop);
  }
};

// Null: this process has no libuv, or not all of it. Looked up once; the same for all threads.
const Uv* find_uv() noexcept {
  static Uv table;
  static const bool found = table.find();
  return found ? &table : nullptr;
}

// The memory of one handle, as large as the libuv that is there wants it.
template <typename Handle>
class HandleMemory {
 public:
  HandleMemory(const Uv& uv, uv_handle_type type) noexcept : bytes_(new std::byte[uv.handle_size(type)]) {}
  [[nodiscard]] Handle* get() const noexcept { return reinterpret_cast<Handle*>(bytes_.get()); }
  [[nodiscard]] uv_handle_t* base() const noexcept { return reinterpret_cast<uv_handle_t*>(bytes_.get()); }

 private:
  std::unique_ptr<std::byte[]> bytes_;
};

}  // namespace

struct UvDriver::Handles {
  explicit Handles(const Uv& found) noexcept : uv(found) {}

  const Uv& uv;
  uv_loop_t* host = nullptr;
  HandleMemory<uv_prepare_t> prepare{uv, UV_PREPARE};
  HandleMemory<uv_check_t> check{uv, UV_CHECK};
  HandleMemory<uv_idle_t> idle{uv, UV_IDLE};
  HandleMemory<uv_timer_t> timer{uv, UV_TIMER};
  // The anchor is what libuv hears us through, and what keeps the process alive: a uv_poll on the selector's
  // descriptor, or a uv_async that the poller thread sends where there is no descriptor.
  HandleMemory<uv_poll_t> poll{uv, UV_POLL};
  HandleMemory<uv_async_t> async{uv, UV_ASYNC};
  uv_handle_t* anchor = nullptr;
  int open = 0;  // handles that libuv still holds
};

struct UvDriver::OnHost {
  static UvDriver& of(void* handle) noexcept {
    return *static_cast<UvDriver*>(static_cast<uv_handle_t*>(handle)->data);
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
    static_cast<UvDriver*>(driver)->close_handles();
  }
  // On the poller's thread. uv_async_send is the one libuv call that is allowed there; it cannot fail on a handle
  // that is open, and the poller is joined before the handle is closed.
  static void descriptor_ready(void* handles) noexcept {
    const Handles& own = *static_cast<Handles*>(handles);
    own.uv.async_send(own.async.get());
  }
};

namespace {

// Rounded up: a deadline 0.1 ms away must not become a uv_timer of 0 ms that fires early again and again.
std::uint64_t ceil_milliseconds(base::Duration wait) noexcept {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

}  // namespace

UvDriver::UvDriver(napi_env env, loop::Loop& loop, base::Clock& clock) noexcept
    : env_(env), loop_(loop), clock_(clock), handles_(new Handles(*find_uv())) {}

UvDriver::~UvDriver() = default;

base::Result<HostedDriver*> UvDriver::start(napi_env env, loop::Loop& loop, base::Clock& clock, napi_value drain,
                                            napi_value resource) noexcept {
  if (!has_uv(env)) return base::Status(ENOSYS, "napi_get_uv_event_loop");
  auto* driver = new UvDriver(env, loop, clock);
  const base::Status status = driver->open(drain, resource);
  if (status.ok()) return static_cast<HostedDriver*>(driver);
  driver->release();
  return status;
}

base::Status UvDriver::open(napi_value drain, napi_value resource) noexcept {
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

base::Status UvDriver::open_anchor() noexcept {
  Handles& handles = *handles_;
  if (loop_.descriptor() >= 0) {
    const int error = handles.uv.poll_init(handles.host, handles.poll.get(), loop_.descriptor());
    if (error != 0) return base::Status(-error, "uv_poll_init");
    handles.anchor = handles.poll.base();
  } else {
    const int error = handles.uv.async_init(handles.host, handles.async.get(), OnHost::async);
    if (error != 0) return base::Status(-error, "uv_async_init");
    handles.anchor = handles.async.base();
  }
  handles.anchor->data = this;
  handles.open = 1;
  handles.uv.unref(handles.anchor);
  return base::Status();
}

base::Status UvDriver::start_anchor() noexcept {
  Handles& handles = *handles_;
  if (loop_.descriptor() >= 0) {
    const int error = handles.uv.poll_start(handles.poll.get(), UV_READABLE, OnHost::poll);
    return error == 0 ? base::Status() : base::Status(-error, "uv_poll_start");
  }
  auto poller = loop::PollerThread::start(OnHost::descriptor_ready, &handles, clock_);
  if (!poller.ok()) return poller.status();
  poller_ = poller.take();
  return base::Status();
}

// libuv documents that these four cannot fail, given a callback.
void UvDriver::open_hooks() noexcept {
  Handles& handles = *handles_;
  handles.uv.prepare_init(handles.host, handles.prepare.get());
  handles.uv.check_init(handles.host, handles.check.get());
  handles.uv.idle_init(handles.host, handles.idle.get());
  handles.uv.timer_init(handles.host, handles.timer.get());
  for (uv_handle_t* handle : {handles.prepare.base(), handles.check.base(), handles.idle.base(),
                              handles.timer.base()}) {
    handle->data = this;
    ++handles.open;
    handles.uv.unref(handle);
  }
  handles.uv.prepare_start(handles.prepare.get(), OnHost::prepare);
}

void UvDriver::set_ref(bool referenced) noexcept {
  if (closing_) return;
  if (referenced) {
    handles_->uv.ref(handles_->anchor);
  } else {
    handles_->uv.unref(handles_->anchor);
  }
}

// The last look before Node blocks. What promise reactions and Node's own callbacks have written goes first, and watches
// are re-armed, because both may append a record.
void UvDriver::prepare() noexcept {
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

void UvDriver::start_spinning() noexcept {
  handles_->uv.idle_start(handles_->idle.get(), OnHost::idle);
  handles_->uv.check_start(handles_->check.get(), OnHost::check);
  handles_->uv.timer_stop(handles_->timer.get());
}

void UvDriver::start_waiting() noexcept {
  handles_->uv.idle_stop(handles_->idle.get());
  handles_->uv.check_stop(handles_->check.get());
  arm_poller();
  const auto deadline = loop_.next_deadline();
  if (!deadline || *deadline == base::Instant::never()) {
    handles_->uv.timer_stop(handles_->timer.get());
    return;
  }
  if (handles_->uv.is_active(handles_->timer.base()) != 0 && *deadline == timer_deadline_) return;
  // Quirk: libuv counts from the time that it cached at the start of the iteration, so the timer can fire early by
  // as much as this iteration has lasted. The turn then finds nothing due, and the next prepare arms it again.
  const std::uint64_t wait = ceil_milliseconds(base::until(clock_.now(), *deadline));
  handles_->uv.timer_start(handles_->timer.get(), OnHost::timer, wait, 0);
  timer_deadline_ = *deadline;
}

void UvDriver::arm_poller() noexcept {
  if (poller_ == nullptr) return;
  snapshot_.clear();
  loop_.append_pollfds(snapshot_);
  poller_->arm(snapshot_, loop_.pollfds_revision());
}

// While the check handle is active this iteration's turn is its own, and a timer may end in an iteration that has had
// one; a second would break the order "what a turn queues runs after another poll of Node's". What is left out here
// is seen by the next prepare.
void UvDriver::turn_unless_spinning() noexcept {
  if (!has_turned_ && handles_->uv.is_active(handles_->check.base()) == 0) turn();
}

void UvDriver::turn() noexcept {
  // in_turn_: a module that runs Node's loop from inside a callback (deasync does) must not start a turn in a turn.
  if (in_turn_ || closing_) return;
  in_turn_ = true;
  has_turned_ = true;
  if (!loop_.run_once(base::Duration::zero()).ok()) {
    napi_fatal_error("readyloop::UvDriver::turn", NAPI_AUTO_LENGTH,
                     "the selector failed, so no readiness can be known any more", NAPI_AUTO_LENGTH);
  }
  if (loop_.has_records()) drain_.run();
  if (!closing_) loop_.flush();
  in_turn_ = false;
  // JavaScript closed the loop and then let Node's loop run, all inside this turn.
  if (closing_ && handles_->open == 0) finish();
}

void UvDriver::release() noexcept {
  released_ = true;
  if (finished_) {
    delete this;
  } else {
    close_handles();
  }
}

// After this neither libuv nor the poller thread looks at the loop's descriptors, so the owner may close
// them at once: uv_close takes a uv_poll out of libuv's epoll before it returns.
void UvDriver::close_handles() noexcept {
  if (closing_) return;
  closing_ = true;
  drain_.stop();
  poller_.reset();
  Handles& handles = *handles_;
  if (handles.open == 0) {
    finish();
    return;
  }
  handles.uv.close(handles.anchor, OnHost::closed);
  if (handles.open == 1) return;
  handles.uv.close(handles.prepare.base(), OnHost::closed);
  handles.uv.close(handles.check.base(), OnHost::closed);
  handles.uv.close(handles.idle.base(), OnHost::closed);
  handles.uv.close(handles.timer.base(), OnHost::closed);
}

void UvDriver::handle_closed() noexcept {
  if (--handles_->open == 0 && !in_turn_) finish();
}

// libuv has let go. The hook goes last, because the environment may be freed once it is gone.
void UvDriver::finish() noexcept {
  drain_.release();
  finished_ = true;
  const napi_async_cleanup_hook_handle hook = cleanup_hook_;
  if (released_) delete this;
  if (hook != nullptr) ignore_status(napi_remove_async_cleanup_hook(hook));
}

bool has_uv(napi_env env) noexcept {
  uv_loop_t* host = nullptr;
  return find_uv() != nullptr && napi_get_uv_event_loop(env, &host) == napi_ok && host != nullptr;
}

int host_backend_descriptor(napi_env env) noexcept {
  uv_loop_t* host = nullptr;
  if (find_uv() == nullptr || napi_get_uv_event_loop(env, &host) != napi_ok) return -1;
  return find_uv()->backend_fd(host);
}

// libuv counts requests and jobs of its threads alike, in a public member of the loop that stands where it stood in 1.0.
int host_requests(napi_env env) noexcept {
  uv_loop_t* host = nullptr;
  if (find_uv() == nullptr || napi_get_uv_event_loop(env, &host) != napi_ok) return -1;
  return static_cast<int>(host->active_reqs.count);
}

}  // namespace readyloop::addon
