// The file of a UNIX socket: bound by path, replaced when nobody listens behind it, and removed at the end if it is
// still ours. Abstract names have no file and none of this.
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/status.h"
#include "transport/address.h"
#include "transport/socket_calls.h"

namespace readyloop::transport {

class SocketFile final {
 public:
  SocketFile() noexcept = default;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;
  // Removes the file, unless another one stands in its place by now.
  ~SocketFile();

  // Binds `fd` to the address and takes charge of the file. EADDRINUSE: somebody listens there, or it is no socket. A
  // socket file behind which nobody listens is replaced.
  base::Status bind(int fd, const Address& address, int type, const SocketCalls& calls) noexcept;

  // The permissions of the file, before anybody can connect.
  base::Status set_mode(unsigned mode) noexcept;

 private:
  void remove() noexcept;

  std::string path_;
  struct stat facts_{};
};

}  // namespace readyloop::transport
