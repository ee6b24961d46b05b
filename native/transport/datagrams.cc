// The commands that make sockets of datagrams and packets. See transports.h.
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "transport/transports.h"

namespace readyloop::transport {

base::Status Transports::open_datagrams(SinkName name, int family, const Address& local, const DatagramOptions& options,
                                        DatagramTransport::Traits traits, const DatagramCalls& calls) noexcept {
  auto made = make_datagram_socket(local, family, options, ledger_.calls);
  if (!made.ok()) return made.status();
  return enter_datagrams(name, made.take(), traits, calls);
}

base::Status Transports::connect_packets(SinkName name, const Address& remote,
                                         DatagramTransport::Traits traits) noexcept {
  DatagramSocket socket;
  socket.fd = base::Fd(ledger_.calls.open(AF_UNIX, SOCK_SEQPACKET));
  if (!socket.fd.valid()) return base::Status::from_errno("socket");
  int connected = 0;
  do {
    connected = ledger_.calls.connect(socket.fd.get(), remote.get(), remote.length());
  } while (connected != 0 && errno == EINTR);
  if (connected != 0) return base::Status::from_errno("connect");
  traits.has_end = true;
  return enter_datagrams(name, std::move(socket), traits, kDatagramCalls);
}

base::Status Transports::accept_packets(SinkName listener_name, SinkName name,
                                        DatagramTransport::Traits traits) noexcept {
  StreamListener* found = listener(listener_name);
  if (found == nullptr) return base::Status(EBADF, "accept");
  base::Result<Accepted> accepted = found->take();
  if (!accepted.ok()) return accepted.status();
  DatagramSocket socket;
  socket.fd = accepted.take().fd;
  traits.has_end = true;
  return enter_datagrams(name, std::move(socket), traits, kDatagramCalls);
}

base::Result<bool> Transports::adopt_datagrams(SinkName name, int fd,
                                                 DatagramTransport::Traits traits) noexcept {
  DatagramSocket socket;
  socket.fd = base::Fd(ledger_.calls.duplicate(fd));
  if (!socket.fd.valid()) return base::Status::from_errno("dup");
  int type = 0;
  socklen_t length = sizeof type;
  if (::getsockopt(socket.fd.get(), SOL_SOCKET, SO_TYPE, &type, &length) != 0) {
    return base::Status::from_errno("getsockopt");
  }
  if (type != SOCK_DGRAM && type != SOCK_SEQPACKET) return base::Status(EPROTOTYPE, "getsockopt");
  traits.has_end = type == SOCK_SEQPACKET;
  const base::Status entered = enter_datagrams(name, std::move(socket), traits, kDatagramCalls);
  if (!entered.ok()) return entered;
  return traits.has_end;
}

base::Status Transports::enter_datagrams(SinkName name, DatagramSocket socket, DatagramTransport::Traits traits,
                                         const DatagramCalls& calls) noexcept {
  return Transport::enter(std::make_unique<DatagramTransport>(ledger_, std::move(socket), name, traits, calls),
                          selector::Interest{true, false, selector::Mode::kLevel});
}

DatagramTransport* Transports::datagrams(SinkName name) noexcept {
  Transport* found = find(name);
  if (found == nullptr || found->kind() != Transport::Kind::kDatagram) return nullptr;
  return static_cast<DatagramTransport*>(found);
}

}  // namespace readyloop::transport
