// The system calls with which transports move bytes and connections, as a table of function pointers. The table is
// constant in a program; a test gives its own and so injects short transfers, EINTR, EAGAIN and failures.
// What differs between systems is how flags are set at birth and how SIGPIPE is kept away: each has a file of its own.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

#include "base/seam.h"

namespace readyloop::transport {

struct SocketCalls {
  // A new socket or an accepted one is non-blocking, is not inherited by a program that is executed, and raises no
  // SIGPIPE.
  int (*open)(int domain, int type) noexcept;
  int (*accept)(int fd, sockaddr* address, socklen_t* length) noexcept;
  int (*connect)(int fd, const sockaddr* address, socklen_t length) noexcept;
  int (*bind)(int fd, const sockaddr* address, socklen_t length) noexcept;
  int (*listen)(int fd, int backlog) noexcept;
  ssize_t (*receive)(int fd, void* buffer, std::size_t size) noexcept;
  ssize_t (*send)(int fd, const iovec* parts, int count) noexcept;
  // The same of what is no socket: a pipe, a terminal. Nor does this write raise SIGPIPE.
  ssize_t (*read)(int fd, void* buffer, std::size_t size) noexcept;
  ssize_t (*write)(int fd, const iovec* parts, int count) noexcept;
  // Ends the sending side.
  int (*shut_down)(int fd) noexcept;
  // The error that waits on a socket (SO_ERROR), which asking clears; 0 if there is none.
  int (*take_error)(int fd) noexcept;
  // A descriptor of one's own for the same file, non-blocking and close-on-exec.
  int (*duplicate)(int fd) noexcept;
  // A descriptor of nothing, held to be given up when there are no others.
  int (*open_reserve)() noexcept;
};

extern const SocketCalls kSocketCalls;
extern const SocketCalls READYLOOP_REAL(kSocketCalls);  // see base/seam.h

// What the table's entries of these names do, on every system.
[[nodiscard]] int take_socket_error(int fd) noexcept;
[[nodiscard]] int duplicate(int fd) noexcept;
[[nodiscard]] int open_reserve() noexcept;

// Sets an option to a number. What the kernel answers to a socket of another kind is no failure of the transport, so
// nobody is told.
void set_option(int fd, int level, int name, int value) noexcept;

// Probes of a connection that says nothing for so many seconds (0: the system's own time); negative: none.
void set_keep_alive(int fd, int idle_seconds) noexcept;

// Where the time of the probes is set has another name on each system.
extern const int kKeepIdleOption;

// Before the first write to what is no socket.
void prepare_writer(int fd) noexcept;

// Whether the writing end of a pipe hears of the reader's end while it has nothing to write.
extern const bool kWriterHearsHangup;

}  // namespace readyloop::transport
