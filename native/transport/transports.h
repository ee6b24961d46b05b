// All transports of one loop, as commands that name them by their sinks, and the flush of the outbox. It is made when the
// first socket is wanted, and it must be destroyed after the loop, whose registry owns the transports.
//
// A command for a sink whose transport is gone does nothing, or answers EBADF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "loop/loop.h"
#include "transport/address.h"
#include "transport/datagram_transport.h"
#include "transport/outbox.h"
#include "transport/read_slab.h"
#include "transport/stream_listener.h"
#include "transport/stream_transport.h"
#include "transport/transport.h"

namespace readyloop::transport {

class Transports final {
 public:
  // The memory outlives it.
  Transports(loop::Loop& loop, std::uint8_t* slab, std::size_t slab_size, Outbox outbox,
             const SocketCalls& calls = kSocketCalls) noexcept;
  Transports(const Transports&) = delete;
  Transports& operator=(const Transports&) = delete;

  // Begins to connect. True: connected at once, and reading has begun; false: kConnected or kFailed follows.
  // `local`: where to connect from, or null.
  [[nodiscard]] base::Result<bool> connect(SinkName name, const Address& remote, const Address* local) noexcept;
  base::Status listen(SinkName name, const Address& address, const ListenOptions& options) noexcept;

  // Gives the connection that has waited longest to a new sink, and begins to read. EAGAIN: none waits.
  [[nodiscard]] base::Result<Address> accept(SinkName listener, SinkName stream) noexcept;

  // A duplicate of somebody's descriptor becomes a stream, or a listener.
  [[nodiscard]] base::Result<StreamKind> adopt_stream(SinkName name, int fd) noexcept;
  base::Status adopt_listener(SinkName name, int fd) noexcept;

  // A new pipe: each end is a stream.
  base::Status open_pipe(SinkName reader, SinkName writer) noexcept;

  // A socket of datagrams, bound to `local` unless that has no length. Its descriptors are received if the traits say so.
  base::Status open_datagrams(SinkName name, int family, const Address& local, const DatagramOptions& options,
                              DatagramTransport::Traits traits, const DatagramCalls& calls = kDatagramCalls) noexcept;

  // A UNIX socket of packets, connected. EAGAIN: the listener's backlog is full.
  base::Status connect_packets(SinkName name, const Address& remote, DatagramTransport::Traits traits) noexcept;
  // Gives the connection of packets that has waited longest to a new sink. EAGAIN: none waits.
  base::Status accept_packets(SinkName listener, SinkName name, DatagramTransport::Traits traits) noexcept;
  // A duplicate of somebody's descriptor, of datagrams or (true) of packets.
  [[nodiscard]] base::Result<bool> adopt_datagrams(SinkName name, int fd, DatagramTransport::Traits traits) noexcept;

  [[nodiscard]] StreamTransport* stream(SinkName name) noexcept;
  [[nodiscard]] DatagramTransport* datagrams(SinkName name) noexcept;
  [[nodiscard]] StreamListener* listener(SinkName name) noexcept;
  [[nodiscard]] Transport* find(SinkName name) noexcept { return Transport::find(ledger_, name); }

  // True: closed now; false: kClosed follows once what waits is sent.
  bool close(SinkName name) noexcept;
  void abort(SinkName name) noexcept;

  // Sends what JavaScript left in the outbox: once for each stream, in the order in which they first appear in it.
  void flush() noexcept;

 private:
  base::Status enter_stream(SinkName name, base::Fd fd, StreamTransport::State state,
                            StreamKind kind = StreamKind::kSocket) noexcept;
  base::Status enter_datagrams(SinkName name, DatagramSocket socket, DatagramTransport::Traits traits,
                               const DatagramCalls& calls) noexcept;
  void stage() noexcept;
  void send_staged(StreamTransport& stream) noexcept;

  ReadSlab slab_;
  Outbox outbox_;
  TransportLedger ledger_;
  // Of the flush in progress: which record of the same stream follows which, and the streams.
  std::vector<std::int32_t> next_staged_;
  std::vector<StreamTransport*> staged_;
};

}  // namespace readyloop::transport
