// Binding, listening and accepting. See stream_listener.h.
#include "transport/stream_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace readyloop::transport {

namespace {

// The connection was gone before it was accepted, or (Linux hands on what is pending on the new socket) its network had
// failed: no fault of the listener, and the next one may be fine.
bool concerns_the_peer(int error) noexcept {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

base::Status prepare(int fd, const Address& address, const ListenOptions& options) noexcept {
  if (address.family() == AF_UNIX) return {};
  // A port whose last connections linger in the kernel can be listened on again at once.
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.family() == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only ? 1 : 0);
  if (!options.reuse_port) return {};
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) return {};
  return base::Status::from_errno("setsockopt");
}

}  // namespace

StreamListener::StreamListener(TransportLedger& ledger, base::Fd fd, SinkName name, SocketFile file) noexcept
    : Transport(Kind::kListener, ledger, std::move(fd), name), file_(std::move(file)), reserve_(ledger.calls.open_reserve()) {}

base::Status StreamListener::listen(TransportLedger& ledger, SinkName name, const Address& address,
                                    const ListenOptions& options) noexcept {
  base::Fd fd(ledger.calls.open(address.family(), options.type));
  if (!fd.valid()) return base::Status::from_errno("socket");
  if (const base::Status prepared = prepare(fd.get(), address, options); !prepared.ok()) return prepared;
  SocketFile file;
  if (const base::Status bound = file.bind(fd.get(), address, options.type, ledger.calls); !bound.ok()) return bound;
  if (options.mode >= 0) {
    const base::Status allowed = file.set_mode(static_cast<unsigned>(options.mode));
    if (!allowed.ok()) return allowed;
  }
  if (ledger.calls.listen(fd.get(), options.backlog) != 0) return base::Status::from_errno("listen");
  return enter_listener(ledger, std::move(fd), name, std::move(file));
}

base::Status StreamListener::adopt(TransportLedger& ledger, SinkName name, base::Fd fd) noexcept {
  return enter_listener(ledger, std::move(fd), name, SocketFile());
}

base::Status StreamListener::enter_listener(TransportLedger& ledger, base::Fd fd, SinkName name,
                                            SocketFile file) noexcept {
  return enter(std::unique_ptr<Transport>(new StreamListener(ledger, std::move(fd), name, std::move(file))),
               selector::Interest{true, false, selector::Mode::kLevel});
}

void StreamListener::on_ready(selector::Readiness) noexcept {
  for (int i = 0; i < kAcceptBudget; ++i) {
    sockaddr_storage bytes{};
    socklen_t length = sizeof bytes;
    base::Fd accepted(ledger_.calls.accept(fd(), reinterpret_cast<sockaddr*>(&bytes), &length));
    if (!accepted.valid()) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      if (concerns_the_peer(errno)) continue;
      accept_failed(errno);
      return;
    }
    waiting_.push_back(Accepted{std::move(accepted), Address::adopt(bytes, length)});
    append(TransportEvent::kAccepted, static_cast<std::int32_t>(waiting_.size()));
  }
}

void StreamListener::accept_failed(int error) noexcept {
  pause();
  if (reserve_.valid() && (error == EMFILE || error == ENFILE)) {
    reserve_.reset();
    const base::Fd turned_away(ledger_.calls.accept(fd(), nullptr, nullptr));
  }
  if (!reserve_.valid()) reserve_ = base::Fd(ledger_.calls.open_reserve());
  append(TransportEvent::kAcceptFailed, error);
}

base::Result<Accepted> StreamListener::take() noexcept {
  if (waiting_.empty()) return base::Status(EAGAIN, "accept");
  Accepted accepted = std::move(waiting_.front());
  waiting_.pop_front();
  return accepted;
}

}  // namespace readyloop::transport
