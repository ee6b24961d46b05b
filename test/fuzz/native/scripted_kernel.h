// A kernel that is told what to do: descriptors, a selector that knows their state, and sockets whose peers are scripted.
// Descriptors are real numbers (of /dev/null), so that closing one closes something and a leak can be counted; all else
// lives here. There is one kernel at a time.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "base/syscalls.h"
#include "fuzz/native/operations.h"
#include "selector/selector.h"
#include "selector/waker.h"
#include "transport/socket_calls.h"

namespace readyloop::fuzz {

// A stream socket as the kernel has it.
struct ScriptedSocket {
  bool connecting = false;
  int error = 0;                        // SO_ERROR
  std::deque<std::uint8_t> to_receive;
  bool peer_ended = false;
  bool is_reset = false;                // both directions
  std::size_t room = 0;                 // for what is sent
  std::vector<std::uint8_t> sent;
  bool is_shut_down = false;            // by us
};

struct ScriptedKernel {
  std::map<int, ScriptedSocket> sockets;
  // What the next calls that move bytes answer instead: an errno, or 0 with a limit of bytes.
  struct Fault {
    int error = 0;
    std::size_t limit = SIZE_MAX;
  };
  std::deque<Fault> receives;
  std::deque<Fault> sends;
  int connect_error = 0;
  int refuse_interest = 0;              // errno of the next registering or modifying

  [[nodiscard]] std::uint8_t readiness(int fd) const;
  // Forgets the sockets whose descriptors are closed; returns how many are open.
  std::size_t open_sockets();
};

[[nodiscard]] ScriptedKernel& kernel();
extern const transport::SocketCalls kScriptedCalls;

// Reports what `readiness` says of each registered descriptor, level-triggered or one-shot, and complains when it is used
// wrongly.
class ScriptedSelector final : public selector::Selector {
 public:
  struct Registration {
    base::Token token;
    selector::Interest interest;
    bool armed = true;
  };

  // Of a descriptor, by the target.
  using Look = std::uint8_t (*)(int fd);
  explicit ScriptedSelector(Look look) noexcept : look_(look) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "poll"; }
  [[nodiscard]] int descriptor() const noexcept override { return -1; }
  base::Status register_fd(int fd, base::Token token, selector::Interest interest) noexcept override;
  base::Status modify_fd(int fd, base::Token token, selector::Interest interest) noexcept override;
  base::Status deregister_fd(int fd) noexcept override;
  base::Status select(base::Duration wait, std::vector<selector::Event>& ready) noexcept override;

  // The kernel's own forgetting, when the last copy of a file is closed.
  void drop(int fd) { registrations.erase(fd); }

  std::map<int, Registration> registrations;
  std::size_t held_back = 0;  // events that the next select leaves for later

 private:
  Look look_;
};

class SilentWaker final : public selector::Waker {
 public:
  base::Status attach(selector::Selector&, base::Token) noexcept override { return {}; }
  void wake() noexcept override {}
  void drain() noexcept override {}
};

}  // namespace readyloop::fuzz
