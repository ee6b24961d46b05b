// What an echo of datagrams costs at least: plain C++, batches in both directions, one socket, nothing else. Linux only.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr unsigned kBatch = 32;
std::array<std::array<char, 65536>, kBatch> buffers;
std::array<sockaddr_storage, kBatch> addresses;
std::array<mmsghdr, kBatch> messages;
std::array<iovec, kBatch> parts;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

void echo(int fd) {
  for (unsigned i = 0; i < kBatch; ++i) {
    parts[i] = iovec{buffers[i].data(), buffers[i].size()};
    messages[i].msg_hdr = msghdr{};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &addresses[i];
    messages[i].msg_hdr.msg_namelen = sizeof addresses[i];
  }
  const int count = recvmmsg(fd, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return;
  for (int i = 0; i < count; ++i) parts[static_cast<std::size_t>(i)].iov_len = messages[static_cast<std::size_t>(i)].msg_len;
  static_cast<void>(sendmmsg(fd, messages.data(), static_cast<unsigned>(count), 0));
}

}  // namespace

int main() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0) fail("bind");
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  for (const int watched : {fd, STDIN_FILENO}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = watched;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, watched, &event) != 0) fail("epoll_ctl");
  }
  std::array<epoll_event, 2> events{};
  for (;;) {
    const int ready = epoll_wait(poller, events.data(), 2, -1);
    for (int i = 0; i < ready; ++i) {
      if (events[static_cast<std::size_t>(i)].data.fd == STDIN_FILENO) return 0;
      echo(fd);
    }
  }
}
