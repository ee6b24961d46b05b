// A connected stream socket, or one that is being connected; or a pipe, a terminal: bytes in one direction or both, with
// flow control.
//
// Receiving: while reading is on, readiness is turned into records, at most kReadBudget bytes a turn; a stream that
// announces says only that something is there, and its sink receives into memory of its own. The end, or a failure, is
// said once and stops reading.
// Sending: what the kernel does not take stays in a queue, in order, and goes when there is room. Where it has no memory
// (which nobody is told the end of) the sink decides when to try again. A failure drops the queue and is said once; what
// the peer sent before it is still received.
// Closing: reading stops, the queue is sent, then the descriptor is closed.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/byte_queue.h"
#include "base/status.h"
#include "transport/address.h"
#include "transport/stream_kind.h"
#include "transport/transport.h"

namespace readyloop::transport {

// Bytes that one stream may receive, or send from its queue, in one turn: a busy one must not keep the others waiting.
inline constexpr std::size_t kReadBudget = 256 * 1024;
inline constexpr std::size_t kSendBudget = 1024 * 1024;

class StreamTransport final : public Transport {
 public:
  // Whether connect(2) said that it is under way.
  enum class State : std::uint8_t { kConnecting, kConnected };

  StreamTransport(TransportLedger& ledger, base::Fd fd, SinkName name, State state,
                  StreamKind kind = StreamKind::kSocket) noexcept
      : Transport(Kind::kStream, ledger, std::move(fd), name),
        stream_kind_(kind),
        connecting_(state == State::kConnecting),
        end_seen_(is_writer(kind)),
        sending_failed_(kind == StreamKind::kReader) {}

  // What it wants to hear of before anybody has asked for anything.
  [[nodiscard]] selector::Interest first_interest() const noexcept {
    return selector::Interest{!connecting_ && reads(), connecting_, selector::Mode::kLevel};
  }

  void on_ready(selector::Readiness readiness) noexcept override;

  void pause_reading() noexcept;
  void resume_reading() noexcept;

  // From now on what comes is announced (kReadable), each turn until it is received, instead of put into the slab.
  void announce(bool announces) noexcept { announces_ = announces; }

  // Receives into the caller's memory. Zero bytes: the end, which is not announced any more. EAGAIN: nothing is there.
  // Any other failure stops reading, and is not announced either.
  [[nodiscard]] base::Result<std::size_t> receive(std::uint8_t* to, std::size_t size) noexcept;

  // Sends these bytes behind what waits; what the kernel does not take is queued.
  void send(const iovec* parts, int count) noexcept;

  // Sends what the kernel takes now and queues nothing. Zero: something waits before it, or there is no room, and
  // kDrained will tell when there is. EPIPE and others: as kSendFailed, which is then not appended.
  [[nodiscard]] base::Result<std::size_t> send_some(const std::uint8_t* bytes, std::size_t size) noexcept;

  // Appends kDrained as soon as no more than `low` bytes wait.
  void notify_drained(std::uint32_t low) noexcept;

  // Tries again to send what waits, after kStarved. The stream may be gone afterwards, if it is closing.
  void retry_sending() noexcept;

  // Ends the sending side once everything that waits is sent. Of a pipe that is its closing: kClosed follows.
  void end_sending() noexcept;

  // True: nothing waits, the caller retires it now. False: kClosed comes when everything is sent.
  [[nodiscard]] bool close() noexcept;

  // Before an abort: the peer shall see a reset, not an end that looks orderly.
  void reset_on_close() noexcept;

  // Whom it was accepted from: the kernel forgets that when the peer resets.
  void keep_peer(const Address& peer) noexcept { peer_ = KeptAddress(peer); }
  [[nodiscard]] base::Result<Address> peer() const noexcept;

  [[nodiscard]] std::size_t queued() const noexcept { return queue_ == nullptr ? 0 : queue_->size(); }

  // Used by the flush of the outbox: the records of a stream, chained, so that they are sent with one call.
  std::int32_t first_staged = -1;
  std::int32_t last_staged = -1;

 private:
  void finish_connecting() noexcept;
  void receive_into_slab() noexcept;
  void stop_reading(TransportEvent event, std::int32_t error) noexcept;
  void send_queue() noexcept;
  void after_sending() noexcept;
  void fail_sending(int error) noexcept;
  void drop_sending(int error) noexcept;
  void note_refusal(int error) noexcept;
  void shut_down() noexcept;
  void update_interest() noexcept;
  // Whether readiness to read is asked for. The writer of a pipe reads nothing, but so it hears that its reader has gone.
  [[nodiscard]] bool reads() const noexcept {
    if (stream_kind_ == StreamKind::kWriter) return kWriterHearsHangup && !sending_failed_;
    return reading_ && !end_seen_;
  }
  [[nodiscard]] ssize_t receive_bytes(std::uint8_t* to, std::size_t size) noexcept {
    const bool is_socket = stream_kind_ == StreamKind::kSocket;
    return (is_socket ? ledger_.calls.receive : ledger_.calls.read)(fd(), to, size);
  }
  [[nodiscard]] ssize_t send_parts(const iovec* parts, int count) noexcept {
    const bool is_socket = stream_kind_ == StreamKind::kSocket;
    return (is_socket ? ledger_.calls.send : ledger_.calls.write)(fd(), parts, count);
  }
  [[nodiscard]] bool has_queue() const noexcept { return queue_ != nullptr && !queue_->empty(); }

  std::unique_ptr<base::ByteQueue> queue_;  // made when something has to wait, dropped when it has gone
  KeptAddress peer_;
  std::uint32_t low_mark_ = 0;
  std::uint16_t send_error_ = 0;
  const StreamKind stream_kind_;
  bool connecting_;
  bool reading_ = true;
  bool announces_ = false;
  bool end_seen_;                 // or failed: nothing will be received
  bool sending_failed_;           // nothing will be sent
  bool ends_sending_ = false;     // asked to, when the queue is empty
  bool wants_drained_ = false;
  bool wants_room_ = false;       // the sink has bytes that did not fit
  bool is_starved_ = false;       // of memory, and the sink knows
  bool closing_ = false;
};

}  // namespace readyloop::transport
