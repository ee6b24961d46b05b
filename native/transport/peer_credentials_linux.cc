// SO_PEERCRED. See peer_credentials.h.
#include "transport/peer_credentials.h"

#include <sys/socket.h>

#include <cerrno>

namespace readyloop::transport {

base::Result<PeerCredentials> peer_credentials(int fd) noexcept {
  ucred known{};
  socklen_t length = sizeof known;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &known, &length) != 0) return base::Status::from_errno("getsockopt");
  // A socket without a peer of its own has nobody's credentials.
  if (known.uid == static_cast<uid_t>(-1)) return base::Status(ENOTCONN, "getsockopt");
  return PeerCredentials{known.pid, known.uid, known.gid};
}

}  // namespace readyloop::transport
