// Batches on Linux, one call for each.
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstring>

#include "transport/datagram_calls.h"

namespace readyloop::transport {

namespace {

// UDP_SEGMENT, which older headers do not have.
constexpr int kUdpSegment = 103;

}  // namespace

static_assert(sizeof(Message) == sizeof(mmsghdr) && offsetof(Message, size) == offsetof(mmsghdr, msg_len));

const DatagramCalls READYLOOP_REAL(kDatagramCalls) = {
    [](int fd, Message* messages, int count) noexcept -> int {
      return ::recvmmsg(fd, reinterpret_cast<mmsghdr*>(messages), static_cast<unsigned>(count),
                        MSG_DONTWAIT | MSG_CMSG_CLOEXEC, nullptr);
    },
    [](int fd, Message* messages, int count) noexcept -> int {
      return ::sendmmsg(fd, reinterpret_cast<mmsghdr*>(messages), static_cast<unsigned>(count),
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    },
    [](int fd, const void* bytes, std::size_t size, const sockaddr* to, socklen_t length) noexcept -> ssize_t {
      return ::sendto(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, to, length);
    },
    // Quirk: a kernel that does not know the option (before 4.18) does not refuse the control message, and would send all
    // as one datagram. So it is asked for the option first.
    [](int fd) noexcept -> bool {
      int size = 0;
      socklen_t length = sizeof size;
      return ::getsockopt(fd, IPPROTO_UDP, kUdpSegment, &size, &length) == 0;
    },
    [](msghdr& header, SegmentControl& control, std::uint16_t size) noexcept {
      header.msg_control = control.bytes;
      header.msg_controllen = sizeof control.bytes;
      cmsghdr* part = CMSG_FIRSTHDR(&header);
      part->cmsg_level = IPPROTO_UDP;
      part->cmsg_type = kUdpSegment;
      part->cmsg_len = CMSG_LEN(sizeof size);
      std::memcpy(CMSG_DATA(part), &size, sizeof size);
    },
};

}  // namespace readyloop::transport
