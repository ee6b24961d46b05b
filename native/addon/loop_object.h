// What stands behind one NativeLoop: the core's loop, the ring's memory, and whichever driver is in use.
//
// Its methods are functions that carry a pointer to it (see args.h), and a function can outlive the object it
// came from, so each function counts as a reference: the LoopObject is deleted when the last one was collected or
// the environment ends. A host may end without telling the functions so (Bun and Deno do, when a worker is terminated),
// therefore an open loop is also closed by a cleanup hook. There is no state per environment besides these objects, and none per process.
//
// Invariant: a closed LoopObject, or one that failed to open, has no loop; every method then does nothing.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "addon/host_wake.h"
#include "addon/hosted_driver.h"
#include "base/clock.h"
#include "base/status.h"
#include "loop/loop.h"
#include "transport/transports.h"

namespace readyloop::addon {

class LoopObject {
 public:
  // Made with one reference, which the maker gives back with release().
  explicit LoopObject(napi_env env) noexcept : env_(env) {}
  LoopObject(const LoopObject&) = delete;
  LoopObject& operator=(const LoopObject&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept;

  // `ring` is the ArrayBuffer of `words`; it is kept alive while the loop is open. EINVAL: no such driver, or no ring.
  [[nodiscard]] base::Status open(napi_value ring, void* words, std::size_t byte_length, std::string_view selector,
                                  std::string_view driver) noexcept;

  // Null: closed.
  [[nodiscard]] loop::Loop* loop() noexcept { return loop_.get(); }
  [[nodiscard]] base::Instant now() noexcept { return clock_.now(); }

  // The owned driver. EBUSY: the loop is hosted; EBADF: closed.
  [[nodiscard]] base::Result<std::uint32_t> run_once(std::optional<base::Duration> max_wait) noexcept;

  // The owned driver lets go of the thread. Until the next wait this loop does not watch Node's own selector: a
  // hundred idle loops that did would use up the wake-up paths that Linux allows to one descriptor, and libuv aborts
  // when it finds none left.
  void end_owned() noexcept;

  // The hosted driver. EBUSY: started already; EBADF: closed; else see HostedDriver::start.
  [[nodiscard]] base::Status start_hosted(napi_value drain, napi_value resource) noexcept;
  // Null: not hosted.
  [[nodiscard]] HostedDriver* driver() noexcept { return driver_; }

  // The memory of two ArrayBuffers, which are kept alive while the loop is open.
  struct SharedMemory {
    void* slab = nullptr;
    std::size_t slab_size = 0;
    void* outbox = nullptr;
    std::size_t outbox_size = 0;
  };
  // EBADF: closed; EBUSY: opened already; EINVAL: memory that is no outbox.
  [[nodiscard]] base::Status open_transports(napi_value slab, napi_value outbox, const SharedMemory& memory) noexcept;

  // Null: closed, or never opened.
  [[nodiscard]] transport::Transports* transports() noexcept { return transports_.get(); }

  // Idempotent, and allowed from inside a drain.
  void close() noexcept;

 private:
  ~LoopObject() { close(); }
  static void environment_ends(void* object) noexcept;

  napi_env env_;
  base::SystemClock clock_;
  napi_ref ring_ = nullptr;
  napi_ref slab_ = nullptr;
  napi_ref outbox_ = nullptr;
  std::unique_ptr<transport::Transports> transports_;
  std::unique_ptr<loop::Loop> loop_;
  HostWake host_wake_;
  DriverKind driver_kind_ = DriverKind::kPoller;
  HostedDriver* driver_ = nullptr;
  bool has_hook_ = false;
  std::uint32_t references_ = 1;
};

}  // namespace readyloop::addon
