// Batches in both directions. See datagram_transport.h.
#include "transport/datagram_transport.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "loop/record.h"
#include "transport/datagram_batch.h"
#include "transport/datagram_frame.h"

namespace readyloop::transport {

namespace {

bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

// What a socket reports of datagrams that were sent earlier, or of the network; it works on.
bool concerns_a_datagram(int error) noexcept {
  switch (error) {
    case ECONNREFUSED:
    // A connected UNIX peer has connected to somebody else, and dropped what it had not received.
    // (datagram_refusals_test: "a peer that connects to somebody else…")
    case ECONNRESET:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EPROTO:
    case EMSGSIZE:
    case EACCES:
    case EPERM:
    case ENOBUFS:
    case ENOMEM:
      return true;
    default:
      return false;
  }
}

// That a row cannot leave as one message: by this route, on this device, of this size. (EIO: no checksums by hardware.)
bool cannot_segment(int error) noexcept {
  return error == EINVAL || error == EIO || error == EOPNOTSUPP || error == EMSGSIZE;
}

// Where in its place a message is received, so that its header fits in front when it is moved.
constexpr std::size_t kPayloadAt = whole_words(kFrameHeaderMax);
// Places are this far from a power of two apart, or all of them would compete for the same lines of the cache.
constexpr std::size_t kPlaceSkew = 64;

}  // namespace

void DatagramTransport::on_ready(selector::Readiness readiness) noexcept {
  if (reading_ && !ended_ && readiness.for_reader().any()) receive_batches();
  // Dead after this: sending the last datagram of a closing socket retires it.
  if ((!queue_.empty() || wants_room_) && readiness.for_writer().any()) send_queue();
}

std::size_t DatagramTransport::stride() const noexcept {
  return whole_words(kPayloadAt + traits_.max_size) + kPlaceSkew;
}

void DatagramTransport::receive_batches() noexcept {
  // Descriptors need a control part each, so they are received one message at a time.
  const int most = traits_.takes_descriptors ? 1 : kDatagramBatch;
  int budget = kDatagramBudget;
  while (budget > 0 && !ended_) {
    const ReadSlab::Room room = ledger_.slab.room(sizeof(std::uint32_t) + stride() * static_cast<std::size_t>(most));
    const std::size_t padding = whole_words(reinterpret_cast<std::uintptr_t>(room.at)) -
                                reinterpret_cast<std::uintptr_t>(room.at);
    const auto places = room.size < padding ? 0 : static_cast<int>((room.size - padding) / stride());
    const int count = std::min({most, budget, places});
    // The slab is full; the socket is asked again in the next turn.
    if (count == 0) return;
    DatagramBatch batch;
    std::uint8_t* at = room.at + padding;
    for (int i = 0; i < count; ++i) {
      batch.receive_into(i, at + static_cast<std::size_t>(i) * stride() + kPayloadAt, traits_.max_size);
    }
    if (traits_.takes_descriptors) {
      batch.messages[0].header.msg_control = batch.control.bytes;
      batch.messages[0].header.msg_controllen = sizeof batch.control.bytes;
    }
    const int received = calls_.receive(fd(), batch.messages, count);
    --budget;
    if (received < 0) {
      if (!receive_failed(errno)) return;
      continue;
    }
    deliver(batch, received, at, padding);
    if (received < count) return;
    budget -= received - 1;
  }
}

// The places are far apart; what stands in them is moved together, from the first on, so nothing is overwritten that is
// still to be moved.
void DatagramTransport::deliver(DatagramBatch& batch, int count, std::uint8_t* at, std::size_t padding) noexcept {
  std::uint8_t* end = at;
  bool has_ended = false;
  for (int i = 0; i < count; ++i) {
    msghdr& header = batch.messages[i].header;
    const std::size_t size = std::min<std::size_t>(batch.messages[i].size, traits_.max_size);
    const std::uint8_t* payload = at + static_cast<std::size_t>(i) * stride() + kPayloadAt;
    const std::size_t passed = header.msg_control == nullptr ? 0 : passed_.adopt(header);
    if (size == 0 && traits_.has_end && passed == 0) {
      has_ended = true;
      break;
    }
    const bool was_cut = (header.msg_flags & MSG_TRUNC) != 0;
    const bool has_lost = (header.msg_flags & MSG_CTRUNC) != 0;
    const std::uint32_t flags = (was_cut ? kFrameTruncated : 0) | (has_lost ? kFrameDescriptorsLost : 0);
    end = write_frame_header(end, size, flags, static_cast<std::uint32_t>(passed), batch.address(i));
    std::memmove(end, payload, size);
    end += whole_words(size);
  }
  if (end > at) {
    const auto bytes = static_cast<std::size_t>(end - at);
    const std::int32_t offset = ledger_.slab.take(padding + bytes);
    append_bytes(offset + static_cast<std::int32_t>(padding), static_cast<std::int32_t>(bytes));
  }
  if (has_ended) stop_reading(TransportEvent::kEnd, 0);
}

bool DatagramTransport::receive_failed(int error) noexcept {
  if (error == EINTR) return true;
  if (would_block(error)) return false;
  if (!traits_.has_end && concerns_a_datagram(error)) {
    append(TransportEvent::kDatagramError, error);
    return true;
  }
  stop_reading(TransportEvent::kFailed, error);
  return false;
}

void DatagramTransport::stop_reading(TransportEvent event, std::int32_t error) noexcept {
  ended_ = true;
  update_interest();
  append(event, error);
}

void DatagramTransport::pause() noexcept {
  reading_ = false;
  update_interest();
}

void DatagramTransport::resume() noexcept {
  reading_ = true;
  update_interest();
}

base::Status DatagramTransport::connect(const Address& to) noexcept {
  int connected = 0;
  do {
    connected = ledger_.calls.connect(fd(), to.get(), to.length());
  } while (connected != 0 && errno == EINTR);
  return connected == 0 ? base::Status() : base::Status::from_errno("connect");
}

void DatagramTransport::write(const std::uint8_t* frames, std::size_t size) noexcept {
  if (!knows_segments_) {
    knows_segments_ = true;
    segments_ = calls_.can_segment(fd());
  }
  send_frames(frames, size, segments_);
}

void DatagramTransport::send_frames(const std::uint8_t* frames, std::size_t size, bool joins) noexcept {
  while (size > 0 && !closing_) {
    OutgoingDatagrams outgoing(joins ? &calls_ : nullptr);
    const std::size_t taken = outgoing.take(frames, size);
    send_outgoing(outgoing);
    // What is no frame is dropped, with all behind it.
    if (taken == 0) return;
    frames += taken;
    size -= taken;
  }
}

void DatagramTransport::send_outgoing(OutgoingDatagrams& outgoing) noexcept {
  int done = 0;
  while (done < outgoing.messages && queue_.empty()) {
    const int sent = calls_.send(fd(), outgoing.batch.messages + done, outgoing.messages - done);
    if (sent > 0) {
      done += sent;
    } else if (would_block(errno)) {
      break;
    } else if (errno != EINTR) {
      if (outgoing.size_of(done) == 1) {
        report_failure(errno, outgoing.batch.address(done));
      } else {
        split(outgoing, done, errno);
      }
      ++done;
    }
  }
  for (int i = outgoing.first_frame[done]; i < outgoing.first_frame[outgoing.messages]; ++i) {
    enqueue(outgoing.starts[i], outgoing.sizes[i]);
  }
}

// A row that was refused as one goes datagram by datagram, so that each has its own answer. What the kernel said of an
// earlier datagram, and forgets by saying it, is the first one's, as it would have been without the row.
void DatagramTransport::split(const OutgoingDatagrams& outgoing, int message, int error) noexcept {
  int first = outgoing.first_frame[message];
  const int end = outgoing.first_frame[message + 1];
  if (cannot_segment(error)) {
    segments_ = false;
  } else {
    report_failure(error, outgoing.batch.address(message));
    ++first;
  }
  const std::uint8_t* start = outgoing.starts[first];
  send_frames(start, static_cast<std::size_t>(outgoing.starts[end - 1] + outgoing.sizes[end - 1] - start), false);
}

int DatagramTransport::send_batch(DatagramBatch& batch, int count) noexcept {
  int done = 0;
  while (done < count) {
    const int sent = calls_.send(fd(), batch.messages + done, count - done);
    if (sent > 0) {
      done += sent;
    } else if (would_block(errno)) {
      break;
    } else if (errno != EINTR) {
      report_failure(errno, batch.address(done));
      ++done;
    }
  }
  return done;
}

// A full slab leaves no room to say where the datagram was going.
void DatagramTransport::report_failure(int error, const Address& to) noexcept {
  const ReadSlab::Room room = ledger_.slab.room(ReadSlab::kLeastRoom);
  if (room.size == 0) {
    append(TransportEvent::kDatagramError, error);
    return;
  }
  const std::size_t padding = whole_words(reinterpret_cast<std::uintptr_t>(room.at)) -
                              reinterpret_cast<std::uintptr_t>(room.at);
  std::uint8_t* at = room.at + padding;
  const std::uint8_t* end = write_frame_header(at, 0, kFrameFailed, static_cast<std::uint32_t>(error), to);
  const auto bytes = static_cast<std::size_t>(end - at);
  const std::int32_t offset = ledger_.slab.take(padding + bytes);
  append_bytes(offset + static_cast<std::int32_t>(padding), static_cast<std::int32_t>(bytes));
}

void DatagramTransport::enqueue(const std::uint8_t* frame, std::size_t size) noexcept {
  const bool was_empty = queue_.empty();
  queue_.emplace_back(frame, frame + size);
  queued_bytes_ += size;
  if (!was_empty) return;
  // Before the interest, which the kernel may have no memory for: then what waits is lost, and that is said behind this.
  append(TransportEvent::kBacklog, static_cast<std::int32_t>(queued_bytes_));
  update_interest();
}

base::Status DatagramTransport::send(const std::uint8_t* bytes, std::size_t size, const Address& to,
                                     const int* descriptors, std::size_t descriptor_count) noexcept {
  if (closing_) return base::Status(EPIPE, "sendmsg");
  if (!queue_.empty()) {
    wants_room_ = true;
    return base::Status(EAGAIN, "sendmsg");
  }
  Message message{};
  iovec part{const_cast<std::uint8_t*>(bytes), size};
  message.header.msg_iov = &part;
  message.header.msg_iovlen = 1;
  if (to.length() > 0) {
    message.header.msg_name = const_cast<sockaddr*>(to.get());
    message.header.msg_namelen = to.length();
  }
  ControlRoom control;
  const base::Status attached = attach_descriptors(message.header, control, descriptors, descriptor_count);
  if (!attached.ok()) return attached;
  ssize_t sent = 0;
  do {
    sent = descriptor_count > 0 ? calls_.send(fd(), &message, 1)
                                : calls_.send_one(fd(), bytes, size, to.length() > 0 ? to.get() : nullptr, to.length());
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {};
  const base::Status refused = base::Status::from_errno("sendmsg");
  if (!would_block(refused.error())) return refused;
  // Quirk: Linux calls such a socket writable while the queue of the one that it sends to is full, so being told of room
  // would be a spin. (datagram_transport_test: "a full UNIX receiver…")
  if (to.family() == AF_UNIX && to.length() > 0) return base::Status(EAGAIN, "sendmsg");
  wants_room_ = true;
  update_interest();
  return base::Status(EAGAIN, "sendmsg");
}

void DatagramTransport::send_queue() noexcept {
  int budget = kDatagramSendBudget;
  while (!queue_.empty() && budget > 0) {
    DatagramBatch batch;
    const int count = static_cast<int>(std::min<std::size_t>(kDatagramBatch, queue_.size()));
    for (int i = 0; i < count; ++i) {
      const std::vector<std::uint8_t>& bytes = queue_[static_cast<std::size_t>(i)];
      auto frame = read_frame(bytes.data(), bytes.size());  // it was one when it came
      batch.send_from(i, i, frame.value().payload, frame.value().size, frame.value().address);
    }
    const int done = send_batch(batch, count);
    for (int i = 0; i < done; ++i) {
      queued_bytes_ -= queue_.front().size();
      queue_.pop_front();
    }
    budget -= count;
    if (done < count) break;
  }
  after_sending();
}

void DatagramTransport::after_sending() noexcept {
  const bool tells_room = wants_room_ && queue_.empty();
  const bool tells_drained = wants_drained_ && queued_bytes_ <= low_mark_;
  if (tells_room) wants_room_ = false;
  if (tells_drained) wants_drained_ = false;
  update_interest();
  if ((tells_room || tells_drained) && !closing_) {
    append(TransportEvent::kDrained, static_cast<std::int32_t>(queued_bytes_));
  }
  if (!closing_ || !queue_.empty()) return;
  append(TransportEvent::kClosed, 0);
  retire();
}

void DatagramTransport::notify_drained(std::size_t low) noexcept {
  low_mark_ = low;
  wants_drained_ = queued_bytes_ > low;
  if (!wants_drained_) append(TransportEvent::kDrained, static_cast<std::int32_t>(queued_bytes_));
}

bool DatagramTransport::close() noexcept {
  if (queue_.empty()) return true;
  closing_ = true;
  reading_ = false;
  update_interest();
  // Nothing waits any more if there was no memory to wait with.
  return queue_.empty();
}

void DatagramTransport::update_interest() noexcept {
  const base::Status told = set_interest(reading_ && !ended_, !queue_.empty() || wants_room_);
  if (told.ok()) return;
  // The kernel has no memory for the interest: this socket would wait for ever, to receive and to send what waits.
  // (datagram_refusals_test: "a kernel without memory for an interest…")
  const bool something_waits = !queue_.empty() || wants_room_;
  queue_.clear();
  queued_bytes_ = 0;
  wants_room_ = false;
  wants_drained_ = false;
  static_cast<void>(set_interest(false, false));
  if (!ended_) {
    ended_ = true;
    append(TransportEvent::kFailed, told.error());
  }
  if (something_waits) append(TransportEvent::kSendFailed, told.error());
}

}  // namespace readyloop::transport
