// The contract of a selector: a kernel object that is told which descriptors matter and says which are
// ready. There are three: epoll, kqueue and poll(2), each in its own file. Virtual, because the backend is
// chosen by name when the program runs; the price is one indirect call per system call.
//
// Invariant: an event carries the token that its registration was made with, and the kernel forgets a
// descriptor when its last copy is closed, so whoever looks the token up drops what is stale. poll(2) is the
// exception: it only knows numbers, and reports a reused number under the old token.
// A selector does no I/O on the descriptors, owns none of them and knows no source.
#pragma once

#include <poll.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/status.h"
#include "base/token.h"
#include "selector/interest.h"

namespace readyloop::selector {

struct Event {
  base::Token token;
  Readiness readiness;
};

class Selector {
 public:
  // By name: "epoll", "kqueue", "poll", or "" for the default of this build. ENOSYS: a name that this build
  // has no backend for; EINVAL: no such name; otherwise what the kernel said (EMFILE…).
  [[nodiscard]] static base::Result<std::unique_ptr<Selector>> create(std::string_view name);

  // The names that create() accepts in this build, the default first.
  [[nodiscard]] static const std::vector<std::string_view>& names();

  Selector() = default;
  Selector(const Selector&) = delete;
  Selector& operator=(const Selector&) = delete;
  virtual ~Selector() = default;

  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  // A descriptor that polls readable while an event waits, or -1 if the backend has none.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;

  // Starts reporting `fd` under `token`. If the kernel still has a registration of this very descriptor
  // (its owner forgot to remove it), the new one replaces it.
  virtual base::Status register_fd(int fd, base::Token token, Interest interest) noexcept = 0;

  // Changes the interest of a registered descriptor and arms it again; the token and the mode stay those of the
  // registration. ENOENT or EBADF: the descriptor was closed since (with ENOENT the number is in use again).
  virtual base::Status modify_fd(int fd, base::Token token, Interest interest) noexcept = 0;

  // Stops reporting. A descriptor that is closed already is not an error: the kernel forgot it by itself.
  virtual base::Status deregister_fd(int fd) noexcept = 0;

  // Waits for events, at most `wait`, and replaces the content of `ready` with them.
  // One event per registration, both directions in one. An interrupted wait is a wait without events.
  virtual base::Status select(base::Duration wait, std::vector<Event>& ready) noexcept = 0;

  // For a backend without descriptor(): appends what it would wait for, so that another thread can.
  virtual void append_pollfds(std::vector<pollfd>& out) const;

  // Another number whenever what append_pollfds() says is not what it was, or means another file under the same
  // descriptor number.
  [[nodiscard]] virtual std::uint64_t pollfds_revision() const noexcept;
};

}  // namespace readyloop::selector
