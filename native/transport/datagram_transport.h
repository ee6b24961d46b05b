// A socket of datagrams (UDP, UNIX) or of packets (a connected UNIX socket that keeps their boundaries).
//
// Receiving: on readiness a batch is received into the slab, each message into a place of its own, then moved together;
// one record names them all (see datagram_frame.h). At most kDatagramBudget a turn. A message that is longer than its
// place says so. An error that the kernel reports for what was sent earlier is one event, and receiving goes on.
// Sending: what was written leaves in batches, and a row of one size to one address as one message, where the kernel cuts
// such; what it has no room for waits, in order. Each datagram that
// cannot be sent is reported and skipped, the others go on. What is sent directly is never queued here.
//
// Invariant: a descriptor that was received has an owner: this object until it is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/status.h"
#include "transport/address.h"
#include "transport/datagram_batch.h"
#include "transport/datagram_calls.h"
#include "transport/datagram_socket.h"
#include "transport/passed_descriptors.h"
#include "transport/transport.h"

namespace readyloop::transport {

inline constexpr int kDatagramBudget = 128;
inline constexpr int kDatagramSendBudget = 1024;

class DatagramTransport final : public Transport {
 public:
  struct Traits {
    std::size_t max_size = 65536;     // of a datagram that is received
    bool takes_descriptors = false;
    bool has_end = false;             // a message of no bytes is the end of the connection
  };

  DatagramTransport(TransportLedger& ledger, DatagramSocket socket, SinkName name, Traits traits,
                    const DatagramCalls& calls) noexcept
      : Transport(Kind::kDatagram, ledger, std::move(socket.fd), name),
        calls_(calls),
        file_(std::move(socket.file)),
        traits_(traits) {}

  void on_ready(selector::Readiness readiness) noexcept override;

  void pause() noexcept;
  void resume() noexcept;

  // Sends to this address from now on, and receives from it alone.
  base::Status connect(const Address& to) noexcept;

  // Frames, as the outbox has them. What is no frame, and all behind it, is dropped.
  void write(const std::uint8_t* frames, std::size_t size) noexcept;

  // Sends one datagram now, or answers why it was not sent. EAGAIN: kDrained tells when to try again; but where the
  // receiver's queue is full and this socket is not connected to it, nobody can tell.
  base::Status send(const std::uint8_t* bytes, std::size_t size, const Address& to, const int* descriptors,
                    std::size_t descriptor_count) noexcept;

  // Appends kDrained as soon as no more than `low` bytes wait.
  void notify_drained(std::size_t low) noexcept;
  [[nodiscard]] std::size_t queued() const noexcept { return queued_bytes_; }

  std::size_t take_descriptors(int* to, std::size_t count) noexcept { return passed_.take(to, count); }

  // True: nothing waits, the caller retires it now. False: kClosed comes when everything is sent.
  [[nodiscard]] bool close() noexcept;

 private:
  void receive_batches() noexcept;
  [[nodiscard]] std::size_t stride() const noexcept;
  void deliver(DatagramBatch& batch, int count, std::uint8_t* at, std::size_t padding) noexcept;
  // False: stop receiving in this turn.
  bool receive_failed(int error) noexcept;
  void stop_reading(TransportEvent event, std::int32_t error) noexcept;
  // `joins`: rows may leave as one message.
  void send_frames(const std::uint8_t* frames, std::size_t size, bool joins) noexcept;
  void send_outgoing(OutgoingDatagrams& outgoing) noexcept;
  void split(const OutgoingDatagrams& outgoing, int message, int error) noexcept;
  // How many are dealt with: sent, or refused and reported. Fewer than `count`: there is no room.
  int send_batch(DatagramBatch& batch, int count) noexcept;
  void report_failure(int error, const Address& to) noexcept;
  void enqueue(const std::uint8_t* frame, std::size_t size) noexcept;
  void send_queue() noexcept;
  void after_sending() noexcept;
  void update_interest() noexcept;

  const DatagramCalls& calls_;
  SocketFile file_;
  Traits traits_;
  PassedDescriptors passed_;
  std::deque<std::vector<std::uint8_t>> queue_;  // frames
  std::size_t queued_bytes_ = 0;                 // of its frames
  std::size_t low_mark_ = 0;
  bool knows_segments_ = false;
  bool segments_ = false;       // the kernel cuts messages into datagrams
  bool reading_ = true;
  bool ended_ = false;          // nothing will be received
  bool wants_drained_ = false;
  bool wants_room_ = false;     // a direct send found none
  bool closing_ = false;
};

}  // namespace readyloop::transport
