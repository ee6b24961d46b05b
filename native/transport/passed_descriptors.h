// Descriptors on their way through a UNIX socket. Those that were received wait here until somebody takes them, so that
// whatever becomes of the datagram that they came with, none is left open without an owner.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <deque>

#include "base/fd.h"
#include "base/status.h"

namespace readyloop::transport {

// The most that Linux lets one message carry.
inline constexpr std::size_t kDescriptorsMax = 253;

// Memory for the control part of one message.
struct ControlRoom {
  alignas(cmsghdr) unsigned char bytes[CMSG_SPACE(kDescriptorsMax * sizeof(int))];
};

// Makes `header` carry these descriptors, which stay the caller's. EINVAL: more than kDescriptorsMax.
base::Status attach_descriptors(msghdr& header, ControlRoom& room, const int* descriptors, std::size_t count) noexcept;

class PassedDescriptors final {
 public:
  // Takes charge of what came with a received message, and says how many. If some could not be received (MSG_CTRUNC)
  // the others are closed, and it is none.
  std::size_t adopt(msghdr& header) noexcept;

  // Hands the oldest ones over to the caller; how many there were, at most `count`.
  std::size_t take(int* to, std::size_t count) noexcept;

 private:
  std::deque<base::Fd> waiting_;
};

}  // namespace readyloop::transport
