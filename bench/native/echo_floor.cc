// The floor: a plain epoll echo server in C++, level-triggered, one buffer, one read and one write for each readiness.
// It does nothing that an echo server could leave out, so the difference to it is what a loop, a language and a library
// cost. Linux only. Prints its port; ends when standard input does.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;

int epoll_fd = -1;
std::unordered_map<int, std::string> unsent;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

void control(int operation, int fd, unsigned events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll_fd, operation, fd, &event) != 0) fail("epoll_ctl");
}

int listen_on_loopback(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (listen(fd, 4096) != 0) fail("listen");
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

void close_connection(int fd) {
  unsent.erase(fd);
  close(fd);
}

void accept_all(int listener) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    control(EPOLL_CTL_ADD, fd, EPOLLIN);
  }
}

// What does not fit stops reading until it has gone.
void send_all(int fd, const char* bytes, std::size_t size) {
  const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) {
    close_connection(fd);
    return;
  }
  const std::size_t done = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  if (done == size) return;
  unsent[fd].assign(bytes + done, size - done);
  control(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

void send_rest(int fd) {
  const std::string rest = std::move(unsent[fd]);
  unsent.erase(fd);
  control(EPOLL_CTL_MOD, fd, EPOLLIN);
  send_all(fd, rest.data(), rest.size());
}

void echo(int fd) {
  static std::vector<char> buffer(kBufferBytes);
  const ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
  if (count > 0) {
    send_all(fd, buffer.data(), static_cast<std::size_t>(count));
  } else if (count == 0 || errno != EAGAIN) {
    close_connection(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_on_loopback(argc > 1 ? std::atoi(argv[1]) : 0);
  control(EPOLL_CTL_ADD, listener, EPOLLIN);
  control(EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN);
  std::array<epoll_event, 1024> events{};
  for (;;) {
    const int count = epoll_wait(epoll_fd, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == STDIN_FILENO) return 0;
      if (fd == listener) {
        accept_all(listener);
      } else if ((events[static_cast<std::size_t>(i)].events & EPOLLOUT) != 0) {
        send_rest(fd);
      } else {
        echo(fd);
      }
    }
  }
}
