// Owns one file descriptor and closes it exactly once. Elsewhere in the core a raw int is a descriptor
// that somebody else owns and that is only borrowed for the call.
#pragma once

#include <utility>

#include "base/status.h"

namespace readyloop::base {

// close(2) without a retry; what EINTR means differs between systems, so each has a file of its own.
void close_raw(int raw) noexcept;

class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int raw) noexcept : raw_(raw) {}
  Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(std::exchange(other.raw_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return raw_; }
  [[nodiscard]] bool valid() const noexcept { return raw_ >= 0; }
  void reset(int raw = -1) noexcept;
  // The caller owns it from now on.
  [[nodiscard]] int release() noexcept { return std::exchange(raw_, -1); }

 private:
  int raw_ = -1;
};

// Both ends are non-blocking and are not inherited by a program that is executed.
struct Pipe {
  Fd reader;
  Fd writer;
};

// Per system as well: not every one can set the flags at birth.
[[nodiscard]] Result<Pipe> open_pipe() noexcept;

}  // namespace readyloop::base
