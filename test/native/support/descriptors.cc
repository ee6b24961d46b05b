// Plain system calls, each required to succeed: a test that cannot have its descriptors has nothing to say.
// Ports are the system's choice.
#include "support/descriptors.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace readyloop::test {

namespace {

void set_nonblocking(int fd) { REQUIRE(::fcntl(fd, F_SETFL, O_NONBLOCK) == 0); }

}  // namespace

base::Pipe make_pipe() {
  base::Result<base::Pipe> pipe = base::open_pipe();
  REQUIRE(pipe.ok());
  return pipe.take();
}

SocketPair make_socket_pair() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  set_nonblocking(ends[0]);
  set_nonblocking(ends[1]);
  return SocketPair{base::Fd(ends[0]), base::Fd(ends[1])};
}

SocketPair make_tcp_pair() {
  const base::Fd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener.get(), generic, size) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  REQUIRE(::getsockname(listener.get(), generic, &size) == 0);
  base::Fd client(::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(::connect(client.get(), generic, size) == 0);
  base::Fd server(::accept(listener.get(), nullptr, nullptr));
  REQUIRE(server.valid());
  set_nonblocking(client.get());
  set_nonblocking(server.get());
  return SocketPair{std::move(client), std::move(server)};
}

void close_with_reset(base::Fd& socket) {
  const linger at_once{1, 0};
  REQUIRE(::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  socket.reset();
}

void write_byte(int fd) { REQUIRE(::write(fd, "x", 1) == 1); }

void read_byte(int fd) {
  char byte = 0;
  REQUIRE(::read(fd, &byte, 1) == 1);
}

void fill(int fd) {
  std::array<char, 65536> zeros{};
  while (::write(fd, zeros.data(), zeros.size()) > 0) {
  }
}

void read_dry(int fd) {
  std::array<char, 65536> bytes{};
  while (::read(fd, bytes.data(), bytes.size()) > 0) {
  }
}

base::Fd duplicate_as(int file, int number) {
  REQUIRE(::fcntl(number, F_GETFD) == -1);
  REQUIRE(::dup2(file, number) == number);
  return base::Fd(number);
}

NoMoreDescriptors::NoMoreDescriptors() {
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
  const int next = ::fcntl(0, F_DUPFD, 0);
  REQUIRE(next >= 0);
  base::close_raw(next);
  const rlimit full{static_cast<rlim_t>(next), before_.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &full) == 0);
}

NoMoreDescriptors::~NoMoreDescriptors() { CHECK(::setrlimit(RLIMIT_NOFILE, &before_) == 0); }

}  // namespace readyloop::test
