// Probing, binding and removing. See socket_file.h.
#include "transport/socket_file.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/fd.h"

namespace readyloop::transport {

namespace {

// Only a refused connection proves that nobody listens: the socket is there and has no owner. Anything else (a full
// backlog, missing permission) may be somebody who lives.
bool is_stale(const Address& address, int type, const SocketCalls& calls) noexcept {
  struct stat facts {};
  if (::lstat(std::string(address.path()).c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) return false;
  const base::Fd probe(calls.open(AF_UNIX, type));
  return probe.valid() && calls.connect(probe.get(), address.get(), address.length()) != 0 && errno == ECONNREFUSED;
}

}  // namespace

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, std::string())), facts_(other.facts_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  remove();
  path_ = std::exchange(other.path_, std::string());
  facts_ = other.facts_;
  return *this;
}

SocketFile::~SocketFile() { remove(); }

base::Status SocketFile::bind(int fd, const Address& address, int type, const SocketCalls& calls) noexcept {
  const std::string path(address.path());
  int bound = calls.bind(fd, address.get(), address.length());
  if (bound != 0 && errno == EADDRINUSE && !path.empty() && path.front() != '\0') {
    if (!is_stale(address, type, calls)) return base::Status(EADDRINUSE, "bind");
    static_cast<void>(::unlink(path.c_str()));
    bound = calls.bind(fd, address.get(), address.length());
  }
  if (bound != 0) return base::Status::from_errno("bind");
  if (path.empty() || path.front() == '\0' || ::lstat(path.c_str(), &facts_) != 0) return {};
  path_ = path;
  return {};
}

base::Status SocketFile::set_mode(unsigned mode) noexcept {
  if (path_.empty() || ::chmod(path_.c_str(), static_cast<mode_t>(mode)) == 0) return {};
  return base::Status::from_errno("chmod");
}

void SocketFile::remove() noexcept {
  if (path_.empty()) return;
  struct stat now {};
  const bool is_ours = ::lstat(path_.c_str(), &now) == 0 && now.st_dev == facts_.st_dev && now.st_ino == facts_.st_ino;
  if (is_ours) static_cast<void>(::unlink(path_.c_str()));
  path_.clear();
}

}  // namespace readyloop::transport
