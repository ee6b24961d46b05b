// Readiness to records, and bytes to the kernel. See stream_transport.h.
#include "transport/stream_transport.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "loop/record.h"

namespace readyloop::transport {

namespace {

constexpr int kPartsPerCall = 16;

// EAGAIN and EWOULDBLOCK are two names that may be two numbers.
bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

// Quirk: a kernel without memory for what is sent (ENOBUFS; Linux: UNIX sockets, macOS: any) keeps the connection, and
// calls it writable all the while. (stream_refusals_test: "a kernel without memory keeps…")
bool has_no_room(int error) noexcept { return would_block(error) || error == ENOBUFS || error == ENOMEM; }

}  // namespace

void StreamTransport::on_ready(selector::Readiness readiness) noexcept {
  if (connecting_) {
    finish_connecting();
    return;
  }
  if (stream_kind_ == StreamKind::kWriter && (readiness.bits & (selector::kHangup | selector::kError)) != 0) {
    if (!sending_failed_) fail_sending(EPIPE);
    return;
  }
  // What the peer sent comes before the news that nothing can be sent to it.
  if (reading_ && !end_seen_ && readiness.for_reader().any()) {
    if (announces_) {
      append(TransportEvent::kReadable, 0);
    } else {
      receive_into_slab();
    }
  }
  // Dead after this: sending the last byte of a closing stream retires it.
  if ((has_queue() || wants_room_) && !is_starved_ && readiness.for_writer().any()) send_queue();
}

void StreamTransport::finish_connecting() noexcept {
  connecting_ = false;
  const int error = ledger_.calls.take_error(fd());
  if (error != 0) {
    stop_reading(TransportEvent::kFailed, error);
    return;
  }
  if (ends_sending_ && !has_queue()) shut_down();
  // Before the interest, which the kernel may have no memory for: that is a failure of a stream that was connected.
  append(TransportEvent::kConnected, 0);
  update_interest();
}

void StreamTransport::receive_into_slab() noexcept {
  std::size_t budget = kReadBudget;
  while (budget >= ReadSlab::kLeastRoom) {
    const ReadSlab::Room room = ledger_.slab.room(budget);
    if (room.size == 0) return;
    const ssize_t count = receive_bytes(room.at, room.size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && would_block(errno)) return;
    if (count < 0) {
      stop_reading(TransportEvent::kFailed, errno);
      return;
    }
    if (count == 0) {
      // A reset that a send has been told of is not told again: the socket then only says that nothing more will come.
      // Without this, data that was cut off would look complete. (stream_transport_test: "a reset that a send…")
      const bool was_reset = send_error_ != 0 && send_error_ != EPIPE;
      stop_reading(was_reset ? TransportEvent::kFailed : TransportEvent::kEnd, was_reset ? send_error_ : 0);
      return;
    }
    const auto size = static_cast<std::size_t>(count);
    const std::int32_t offset = ledger_.slab.take(size);
    ledger_.queue.append(loop::Record{static_cast<std::int32_t>(name_.slot), name_.word, offset,
                                      static_cast<std::int32_t>(count)});
    // Fewer bytes than there was room for: the socket is empty, and asking once more would only say so.
    if (size < room.size) return;
    budget -= size;
  }
}

void StreamTransport::stop_reading(TransportEvent event, std::int32_t error) noexcept {
  end_seen_ = true;
  update_interest();
  append(event, error);
}

base::Result<std::size_t> StreamTransport::receive(std::uint8_t* to, std::size_t size) noexcept {
  if (end_seen_ || connecting_) return base::Status(EAGAIN, "read");
  for (;;) {
    const ssize_t count = receive_bytes(to, size);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && would_block(errno)) return base::Status(EAGAIN, "read");
    const int error = count < 0 ? errno : (send_error_ != EPIPE ? send_error_ : 0);
    end_seen_ = true;
    update_interest();
    if (error != 0) return base::Status(error, "read");
    return std::size_t{0};
  }
}

void StreamTransport::pause_reading() noexcept {
  reading_ = false;
  update_interest();
}

void StreamTransport::resume_reading() noexcept {
  // What comes to a stream that is closing has nobody to go to.
  if (closing_) return;
  reading_ = true;
  update_interest();
}

void StreamTransport::send(const iovec* parts, int count) noexcept {
  if (sending_failed_ || closing_) return;
  std::size_t skip = 0;
  if (!has_queue() && !connecting_) {
    ssize_t sent = 0;
    do {
      sent = send_parts(parts, count);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && !has_no_room(errno)) {
      fail_sending(errno);
      return;
    }
    if (sent < 0) note_refusal(errno);
    skip = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }
  const bool had_queue = has_queue();
  for (int i = 0; i < count; ++i) {
    const std::size_t gone = std::min(skip, parts[i].iov_len);
    skip -= gone;
    if (gone == parts[i].iov_len) continue;
    if (queue_ == nullptr) queue_ = std::make_unique<base::ByteQueue>();
    queue_->append(static_cast<const std::uint8_t*>(parts[i].iov_base) + gone, parts[i].iov_len - gone);
  }
  if (!had_queue && has_queue()) {
    update_interest();
    append(TransportEvent::kBacklog, static_cast<std::int32_t>(queued()));
  }
}

base::Result<std::size_t> StreamTransport::send_some(const std::uint8_t* bytes, std::size_t size) noexcept {
  if (sending_failed_ || closing_) return base::Status(EPIPE, "write");
  std::size_t total = 0;
  if (!has_queue() && !connecting_) {
    const iovec part{const_cast<std::uint8_t*>(bytes), size};
    ssize_t sent = 0;
    do {
      sent = send_parts(&part, 1);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && !has_no_room(errno)) {
      const int error = errno;
      sending_failed_ = true;
      send_error_ = static_cast<std::uint16_t>(error);
      update_interest();
      return base::Status(error, "write");
    }
    if (sent < 0) note_refusal(errno);
    total = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }
  wants_room_ = total < size;
  update_interest();
  return total;
}

void StreamTransport::send_queue() noexcept {
  std::size_t budget = kSendBudget;
  while (has_queue() && budget > 0) {
    iovec parts[kPartsPerCall];
    const int count = queue_->peek(parts, kPartsPerCall);
    const ssize_t sent = send_parts(parts, count);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && has_no_room(errno)) {
      note_refusal(errno);
      break;
    }
    if (sent < 0) {
      fail_sending(errno);
      return;
    }
    queue_->consume(static_cast<std::size_t>(sent));
    budget -= std::min(budget, static_cast<std::size_t>(sent));
  }
  after_sending();
}

// Being told of room would be a spin where memory is what there is none of.
void StreamTransport::note_refusal(int error) noexcept {
  if (would_block(error) || is_starved_) return;
  is_starved_ = true;
  append(TransportEvent::kStarved, error);
}

void StreamTransport::retry_sending() noexcept {
  if (!is_starved_) return;
  is_starved_ = false;
  send_queue();
}

void StreamTransport::after_sending() noexcept {
  if (!has_queue()) {
    const bool tells = queue_ != nullptr || wants_room_ || wants_drained_;
    queue_.reset();
    wants_room_ = false;
    wants_drained_ = false;
    if (ends_sending_) shut_down();
    if (tells && !closing_) append(TransportEvent::kDrained, 0);
  } else if (wants_drained_ && queued() <= low_mark_) {
    wants_drained_ = false;
    append(TransportEvent::kDrained, static_cast<std::int32_t>(queued()));
  }
  update_interest();
  if (!closing_ || has_queue()) return;
  append(TransportEvent::kClosed, 0);
  retire();
}

void StreamTransport::drop_sending(int error) noexcept {
  sending_failed_ = true;
  send_error_ = static_cast<std::uint16_t>(error);
  queue_.reset();
  wants_room_ = false;
  wants_drained_ = false;
  append(TransportEvent::kSendFailed, error);
}

// The caller's last step where the stream is closing: it may be gone afterwards.
void StreamTransport::fail_sending(int error) noexcept {
  drop_sending(error);
  update_interest();
  if (!closing_) return;
  append(TransportEvent::kClosed, 0);
  retire();
}

void StreamTransport::notify_drained(std::uint32_t low) noexcept {
  low_mark_ = low;
  if (queued() > low) {
    wants_drained_ = true;
  } else {
    append(TransportEvent::kDrained, static_cast<std::int32_t>(queued()));
  }
}

void StreamTransport::end_sending() noexcept {
  if (is_writer(stream_kind_)) {
    if (!close()) return;
    append(TransportEvent::kClosed, 0);
    retire();
    return;
  }
  ends_sending_ = true;
  if (!has_queue() && !connecting_ && !sending_failed_) shut_down();
}

// ENOTCONN: the peer has reset the connection, which the next read says. ENOTSOCK: a terminal has no such thing.
void StreamTransport::shut_down() noexcept { static_cast<void>(ledger_.calls.shut_down(fd())); }

bool StreamTransport::close() noexcept {
  if (!has_queue() || connecting_) return true;
  closing_ = true;
  reading_ = false;
  update_interest();
  // Nothing waits any more if there was no memory to wait with.
  return !has_queue();
}

void StreamTransport::reset_on_close() noexcept {
  const linger at_once{1, 0};
  static_cast<void>(::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

base::Result<Address> StreamTransport::peer() const noexcept {
  base::Result<Address> known = Address::of_peer(fd());
  if (known.ok() || known.error() != ENOTCONN) return known;
  const Address kept = peer_.get();
  if (kept.length() == 0) return known;
  return kept;
}

void StreamTransport::update_interest() noexcept {
  if (connecting_) return;
  const base::Status told = set_interest(reads(), (has_queue() || wants_room_) && !is_starved_);
  if (told.ok()) return;
  // The kernel has no memory for the interest: this stream would wait for ever, to receive and to send what waits.
  // (stream_refusals_test: "a kernel without memory for an interest…")
  if (!end_seen_) {
    end_seen_ = true;
    append(TransportEvent::kFailed, told.error());
  }
  if (has_queue() || wants_room_) drop_sending(told.error());
  // What it was asked for before is still asked for, each turn, and nobody would look.
  static_cast<void>(set_interest(false, false));
}

}  // namespace readyloop::transport
