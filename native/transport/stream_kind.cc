// Asking the kernel. See stream_kind.h.
#include "transport/stream_kind.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

namespace readyloop::transport {

namespace {

base::Result<StreamKind> kind_of_socket(int fd) noexcept {
  int type = 0;
  socklen_t length = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0) return base::Status::from_errno("getsockopt");
  if (type != SOCK_STREAM) return base::Status(EPROTOTYPE, "getsockopt");
  return StreamKind::kSocket;
}

}  // namespace

base::Result<StreamKind> stream_kind_of(int fd) noexcept {
  struct stat file {};
  if (::fstat(fd, &file) != 0) return base::Status::from_errno("fstat");
  if (S_ISSOCK(file.st_mode)) return kind_of_socket(fd);
  if (!S_ISFIFO(file.st_mode) && !S_ISCHR(file.st_mode)) return base::Status(EPERM, "fstat");
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return base::Status::from_errno("fcntl");
  switch (flags & O_ACCMODE) {
    case O_RDONLY:
      return StreamKind::kReader;
    case O_WRONLY:
      return S_ISFIFO(file.st_mode) ? StreamKind::kWriter : StreamKind::kDeviceWriter;
    default:
      return StreamKind::kDevice;
  }
}

}  // namespace readyloop::transport
