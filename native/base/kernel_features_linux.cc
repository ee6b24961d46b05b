// The questions to a Linux kernel. Numbers of system calls and options are the same on all architectures that have them;
// the headers may be older than the kernel.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/kernel_features.h"

namespace readyloop::base {

namespace {

constexpr long kPidfdOpen = 434;
constexpr long kEpollPwait2 = 441;
constexpr int kUdpSegment = 103;

// Asked about a descriptor that there is not: a kernel that knows the call says so (EBADF), or finds another fault
// first (EINVAL). ENOSYS: a kernel before 5.11. EPERM: a seccomp filter that does not know the call.
bool has_epoll_pwait2() noexcept {
  if (::syscall(kEpollPwait2, -1, nullptr, 0, nullptr, nullptr, 0) >= 0) return true;
  return errno != ENOSYS && errno != EPERM;
}

bool has_pidfd() noexcept {
  const Fd self(static_cast<int>(::syscall(kPidfdOpen, ::getpid(), 0)));
  return self.valid();
}

bool has_udp_segment() noexcept {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  int size = 0;
  socklen_t length = sizeof size;
  return ::getsockopt(socket.get(), IPPROTO_UDP, kUdpSegment, &size, &length) == 0;
}

constexpr KernelFeature kFeatures[] = {
    {"epoll_pwait2", has_epoll_pwait2},
    {"pidfd", has_pidfd},
    {"UDP_SEGMENT", has_udp_segment},
};

}  // namespace

KernelFeatureList kernel_features() noexcept { return {kFeatures, sizeof kFeatures / sizeof *kFeatures}; }

}  // namespace readyloop::base
