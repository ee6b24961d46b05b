// Opening, driving and closing a LoopObject.
#include "addon/loop_object.h"

#include <cerrno>
#include <utility>

#include "addon/args.h"
#include "addon/uv_driver.h"
#include "loop/ready_ring.h"
#include "selector/selector.h"
#include "selector/waker.h"

namespace readyloop::addon {

void LoopObject::release() noexcept {
  if (--references_ == 0) delete this;
}

base::Status LoopObject::open(napi_value ring, void* words, std::size_t byte_length,
                              std::string_view selector, std::string_view driver) noexcept {
  const auto kind = to_driver_kind(driver);
  if (!kind) return base::Status(EINVAL, "driver");
  auto view = loop::ReadyRing::adopt(static_cast<std::int32_t*>(words), byte_length);
  if (!view.ok()) return view.status();
  auto chosen = selector::Selector::create(selector);
  if (!chosen.ok()) return chosen.status();
  auto waker = selector::Waker::create(*chosen.value());
  if (!waker.ok()) return waker.status();
  auto loop = loop::Loop::create(chosen.take(), waker.take(), view.value(), clock_);
  if (!loop.ok()) return loop.status();
  if (napi_create_reference(env_, ring, 1, &ring_) != napi_ok) {
    return base::Status(ECANCELED, "napi_create_reference");
  }
  if (napi_add_env_cleanup_hook(env_, environment_ends, this) != napi_ok) {
    return base::Status(ECANCELED, "napi_add_env_cleanup_hook");
  }
  has_hook_ = true;
  loop_ = loop.take();
  driver_kind_ = *kind;
  return base::Status();
}

base::Result<std::uint32_t> LoopObject::run_once(std::optional<base::Duration> max_wait) noexcept {
  if (loop_ == nullptr) return base::Status(EBADF, "runOnce");
  if (driver_ != nullptr) return base::Status(EBUSY, "runOnce");
  const int backend = driver_kind_ == DriverKind::kUv ? host_backend_descriptor(env_) : -1;
  return host_wake_.run_once(*loop_, backend, max_wait);
}

void LoopObject::end_owned() noexcept {
  if (loop_ != nullptr) host_wake_.stop(*loop_);
}

base::Status LoopObject::start_hosted(napi_value drain, napi_value resource) noexcept {
  if (loop_ == nullptr) return base::Status(EBADF, "startHosted");
  if (driver_ != nullptr) return base::Status(EBUSY, "startHosted");
  host_wake_.stop(*loop_);
  auto driver = HostedDriver::start(driver_kind_, env_, *loop_, clock_, drain, resource);
  if (!driver.ok()) return driver.status();
  driver_ = driver.take();
  return base::Status();
}

base::Status LoopObject::open_transports(napi_value slab, napi_value outbox, const SharedMemory& memory) noexcept {
  if (loop_ == nullptr) return base::Status(EBADF, "openTransports");
  if (transports_ != nullptr) return base::Status(EBUSY, "openTransports");
  auto adopted = transport::Outbox::adopt(memory.outbox, memory.outbox_size);
  if (!adopted.ok()) return adopted.status();
  if (napi_create_reference(env_, slab, 1, &slab_) != napi_ok ||
      napi_create_reference(env_, outbox, 1, &outbox_) != napi_ok) {
    return base::Status(ECANCELED, "napi_create_reference");
  }
  transports_ = std::make_unique<transport::Transports>(*loop_, static_cast<std::uint8_t*>(memory.slab),
                                                        memory.slab_size, adopted.take());
  loop_->set_flush({[](void* receiver) noexcept { static_cast<transport::Transports*>(receiver)->flush(); },
                    transports_.get()});
  return base::Status();
}

// The hook is running, so there is none to remove.
void LoopObject::environment_ends(void* object) noexcept {
  LoopObject& self = *static_cast<LoopObject*>(object);
  self.has_hook_ = false;
  self.close();
}

// The driver first, because it looks at the loop's descriptors; then the loop, whose registry owns the transports; the
// shared memory last, because both write it.
void LoopObject::close() noexcept {
  if (std::exchange(has_hook_, false)) ignore_status(napi_remove_env_cleanup_hook(env_, environment_ends, this));
  if (HostedDriver* driver = std::exchange(driver_, nullptr); driver != nullptr) driver->release();
  loop_.reset();
  transports_.reset();
  for (napi_ref* kept : {&ring_, &slab_, &outbox_}) {
    napi_ref reference = std::exchange(*kept, nullptr);
    if (reference != nullptr) ignore_status(napi_delete_reference(env_, reference));
  }
}

}  // namespace readyloop::addon
