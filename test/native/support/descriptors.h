// Descriptors in the states that tests need: pipes, socket pairs, full, closed, reset by the peer.
// All of them are non-blocking.
#pragma once

#include <sys/resource.h>

#include "base/fd.h"

namespace readyloop::test {

// The process under test has all the descriptors that it needs; failing to get one is a broken machine.
[[nodiscard]] base::Pipe make_pipe();

struct SocketPair {
  base::Fd left;
  base::Fd right;
};
[[nodiscard]] SocketPair make_socket_pair();

// Two ends of a TCP connection over the loopback interface.
[[nodiscard]] SocketPair make_tcp_pair();

// Closes a TCP socket so that its peer gets a reset instead of an end of stream.
void close_with_reset(base::Fd& socket);

void write_byte(int fd);
void read_byte(int fd);

// Writes until the kernel takes no more.
void fill(int fd);

// Reads until nothing is left.
void read_dry(int fd);

// Opens `file` so that it gets exactly this number, which must be free.
[[nodiscard]] base::Fd duplicate_as(int file, int number);

// While it lives, the process can open no further descriptor.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors();
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;
  ~NoMoreDescriptors();

 private:
  rlimit before_{};
};

}  // namespace readyloop::test
