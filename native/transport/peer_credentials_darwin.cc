// getpeereid, and LOCAL_PEERPID for the process. See peer_credentials.h.
#include "transport/peer_credentials.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace readyloop::transport {

base::Result<PeerCredentials> peer_credentials(int fd) noexcept {
  uid_t user = 0;
  gid_t group = 0;
  if (::getpeereid(fd, &user, &group) != 0) return base::Status::from_errno("getpeereid");
  pid_t process = -1;
  socklen_t length = sizeof process;
  if (::getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &process, &length) != 0) process = -1;
  return PeerCredentials{process, user, group};
}

}  // namespace readyloop::transport
