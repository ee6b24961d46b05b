// The commands, and the flush. See transports.h.
#include "transport/transports.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/syscalls.h"

namespace readyloop::transport {

namespace {

constexpr int kPartsPerCall = 64;

// Small writes leave at once; corking is done by the outbox.
void set_no_delay(int fd, int family) noexcept {
  if (family == AF_INET || family == AF_INET6) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

}  // namespace

Transports::Transports(loop::Loop& loop, std::uint8_t* slab, std::size_t slab_size, Outbox outbox,
                       const SocketCalls& calls) noexcept
    : slab_(slab, slab_size, loop.queue()),
      outbox_(outbox),
      ledger_{loop.registry(), loop.queue(), slab_, calls, {}, 0},
      next_staged_(kOutboxRecords) {}

base::Result<bool> Transports::connect(SinkName name, const Address& remote, const Address* local) noexcept {
  base::Fd fd(ledger_.calls.open(remote.family(), SOCK_STREAM));
  if (!fd.valid()) return base::Status::from_errno("socket");
  if (local != nullptr && ledger_.calls.bind(fd.get(), local->get(), local->length()) != 0) {
    return base::Status::from_errno("bind");
  }
  set_no_delay(fd.get(), remote.family());
  const bool connected = ledger_.calls.connect(fd.get(), remote.get(), remote.length()) == 0;
  // An interrupted connect goes on in the background, as one that is in progress.
  if (!connected && errno != EINPROGRESS && errno != EINTR) return base::Status::from_errno("connect");
  const auto state = connected ? StreamTransport::State::kConnected : StreamTransport::State::kConnecting;
  const base::Status entered = enter_stream(name, std::move(fd), state);
  if (!entered.ok()) return entered;
  return connected;
}

base::Status Transports::enter_stream(SinkName name, base::Fd fd, StreamTransport::State state,
                                      StreamKind kind) noexcept {
  auto entering = std::make_unique<StreamTransport>(ledger_, std::move(fd), name, state, kind);
  const selector::Interest interest = entering->first_interest();
  return Transport::enter(std::move(entering), interest);
}

base::Status Transports::listen(SinkName name, const Address& address, const ListenOptions& options) noexcept {
  return StreamListener::listen(ledger_, name, address, options);
}

base::Result<Address> Transports::accept(SinkName listener_name, SinkName stream_name) noexcept {
  StreamListener* found = listener(listener_name);
  if (found == nullptr) return base::Status(EBADF, "accept");
  base::Result<Accepted> accepted = found->take();
  if (!accepted.ok()) return accepted.status();
  Accepted connection = accepted.take();
  set_no_delay(connection.fd.get(), connection.peer.family());
  const base::Status entered =
      enter_stream(stream_name, std::move(connection.fd), StreamTransport::State::kConnected);
  if (!entered.ok()) return entered;
  stream(stream_name)->keep_peer(connection.peer);
  return connection.peer;
}

base::Result<StreamKind> Transports::adopt_stream(SinkName name, int fd) noexcept {
  base::Fd copy(ledger_.calls.duplicate(fd));
  if (!copy.valid()) return base::Status::from_errno("dup");
  base::Result<StreamKind> kind = stream_kind_of(copy.get());
  if (!kind.ok()) return kind.status();
  if (kind.value() != StreamKind::kSocket) prepare_writer(copy.get());
  const base::Status entered = enter_stream(name, std::move(copy), StreamTransport::State::kConnected, kind.value());
  if (!entered.ok()) return entered;
  return kind.value();
}

base::Status Transports::open_pipe(SinkName reader, SinkName writer) noexcept {
  base::Result<base::Pipe> opened = base::kSyscalls.open_pipe();
  if (!opened.ok()) return opened.status();
  base::Pipe pipe = opened.take();
  prepare_writer(pipe.writer.get());
  const auto enter = [this](SinkName name, base::Fd& end, StreamKind kind) {
    return enter_stream(name, std::move(end), StreamTransport::State::kConnected, kind);
  };
  if (const base::Status entered = enter(reader, pipe.reader, StreamKind::kReader); !entered.ok()) return entered;
  const base::Status entered = enter(writer, pipe.writer, StreamKind::kWriter);
  if (!entered.ok()) find(reader)->retire();
  return entered;
}

base::Status Transports::adopt_listener(SinkName name, int fd) noexcept {
  base::Fd copy(ledger_.calls.duplicate(fd));
  if (!copy.valid()) return base::Status::from_errno("dup");
  int listens = 0;
  socklen_t length = sizeof listens;
  if (::getsockopt(copy.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0) {
    return base::Status::from_errno("getsockopt");
  }
  if (listens == 0) return base::Status(EINVAL, "getsockopt");
  return StreamListener::adopt(ledger_, name, std::move(copy));
}

StreamTransport* Transports::stream(SinkName name) noexcept {
  Transport* found = find(name);
  if (found == nullptr || found->kind() != Transport::Kind::kStream) return nullptr;
  return static_cast<StreamTransport*>(found);
}

StreamListener* Transports::listener(SinkName name) noexcept {
  Transport* found = find(name);
  if (found == nullptr || found->kind() != Transport::Kind::kListener) return nullptr;
  return static_cast<StreamListener*>(found);
}

bool Transports::close(SinkName name) noexcept {
  flush();
  Transport* found = find(name);
  if (found == nullptr) return true;
  StreamTransport* sending = stream(name);
  if (sending != nullptr && !sending->close()) return false;
  DatagramTransport* writing = datagrams(name);
  if (writing != nullptr && !writing->close()) return false;
  found->retire();
  return true;
}

void Transports::abort(SinkName name) noexcept {
  if (StreamTransport* sending = stream(name); sending != nullptr) sending->reset_on_close();
  if (Transport* found = find(name); found != nullptr) found->retire();
}

void Transports::flush() noexcept {
  if (outbox_.size() == 0) return;
  stage();
  for (StreamTransport* stream : staged_) send_staged(*stream);
  staged_.clear();
  outbox_.clear();
}

// Chains the records of each stream. Nothing is sent before all are chained, so each stream is sent to once.
void Transports::stage() noexcept {
  for (std::uint32_t i = 0; i < outbox_.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    next_staged_[i] = -1;
    const OutboxRecord record = outbox_.record(i);
    StreamTransport* found = stream(record.name);
    if (found == nullptr) {
      // Datagrams have their boundaries in the bytes, so they need not be gathered.
      if (DatagramTransport* writing = datagrams(record.name)) writing->write(record.bytes, record.size);
      continue;
    }
    if (found->first_staged < 0) {
      found->first_staged = index;
      staged_.push_back(found);
    } else {
      next_staged_[static_cast<std::size_t>(found->last_staged)] = index;
    }
    found->last_staged = index;
  }
}

void Transports::send_staged(StreamTransport& stream) noexcept {
  std::int32_t index = stream.first_staged;
  stream.first_staged = stream.last_staged = -1;
  while (index >= 0) {
    iovec parts[kPartsPerCall];
    int count = 0;
    for (; index >= 0 && count < kPartsPerCall; index = next_staged_[static_cast<std::size_t>(index)]) {
      const OutboxRecord record = outbox_.record(static_cast<std::uint32_t>(index));
      if (record.size > 0) parts[count++] = iovec{const_cast<std::uint8_t*>(record.bytes), record.size};
    }
    if (count > 0) stream.send(parts, count);
  }
}

}  // namespace readyloop::transport
