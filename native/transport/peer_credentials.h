// Who is at the other end of a connected UNIX socket, as the kernel knows it.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace readyloop::transport {

struct PeerCredentials {
  std::int64_t process;  // as it was when the connection was made; -1: the system does not say
  std::int64_t user;
  std::int64_t group;
};

// ENOTCONN, EINVAL, EOPNOTSUPP: not a connected UNIX socket.
[[nodiscard]] base::Result<PeerCredentials> peer_credentials(int fd) noexcept;

}  // namespace readyloop::transport
