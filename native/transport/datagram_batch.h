// Datagrams on their way through one system call: the messages with all that they point to, and how written frames become
// such. Invariant: a message's parts lie behind each other, and no two messages share one.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "transport/address.h"
#include "transport/datagram_calls.h"
#include "transport/datagram_frame.h"
#include "transport/passed_descriptors.h"

namespace readyloop::transport {

inline constexpr int kDatagramBatch = 32;

// What fits into a packet of any ordinary network, with its headers.
inline constexpr std::size_t kSegmentMost = 1400;

// The messages of one call, and the memory that they name.
struct DatagramBatch {
  Message messages[kDatagramBatch];
  iovec parts[kDatagramBatch];
  sockaddr_storage addresses[kDatagramBatch];
  ControlRoom control;

  void prepare(int index, int part, void* bytes, std::size_t size) noexcept {
    parts[part] = iovec{bytes, size};
    msghdr& header = messages[index].header;
    header = msghdr{};
    header.msg_iov = &parts[part];
    header.msg_iovlen = 1;
  }
  void receive_into(int index, std::uint8_t* bytes, std::size_t size) noexcept {
    prepare(index, index, bytes, size);
    messages[index].header.msg_name = &addresses[index];
    messages[index].header.msg_namelen = sizeof addresses[index];
  }
  // `part`: the first of the parts that the message may take.
  void send_from(int index, int part, const std::uint8_t* bytes, std::size_t size, const Address& to) noexcept {
    prepare(index, part, const_cast<std::uint8_t*>(bytes), size);
    if (to.length() == 0) return;
    std::memcpy(&addresses[index], to.get(), to.length());
    messages[index].header.msg_name = &addresses[index];
    messages[index].header.msg_namelen = to.length();
  }
  [[nodiscard]] bool goes_to(int index, const Address& to) const noexcept {
    const msghdr& header = messages[index].header;
    return header.msg_namelen == to.length() && std::memcmp(&addresses[index], to.get(), to.length()) == 0;
  }
  [[nodiscard]] Address address(int index) const noexcept {
    const msghdr& header = messages[index].header;
    return header.msg_name == nullptr ? Address() : Address::adopt(addresses[index], header.msg_namelen);
  }
};

// Frames on their way to the kernel: as messages, of which each is one datagram or a row that the kernel cuts.
class OutgoingDatagrams final {
 public:
  // Null: every datagram is a message.
  explicit OutgoingDatagrams(const DatagramCalls* segments) noexcept : segments_(segments) {}

  // Returns how many bytes of frames were taken; 0: what is there is none.
  std::size_t take(const std::uint8_t* frames, std::size_t size) noexcept {
    std::size_t taken = 0;
    while (frames_ < kDatagramBatch && taken < size) {
      auto frame = read_frame(frames + taken, size - taken);
      if (!frame.ok()) break;
      starts[frames_] = frames + taken;
      sizes[frames_] = frame.value().whole;
      taken += frame.value().whole;
      if (!join(frame.value())) add(frame.value());
      first_frame[messages] = ++frames_;
    }
    return taken;
  }

  [[nodiscard]] int size_of(int message) const noexcept { return first_frame[message + 1] - first_frame[message]; }

  DatagramBatch batch;
  int messages = 0;
  int first_frame[kDatagramBatch + 1] = {};  // of each message; behind the last one, of none
  const std::uint8_t* starts[kDatagramBatch];
  std::size_t sizes[kDatagramBatch];

 private:
  void add(const Frame& frame) noexcept {
    batch.send_from(messages++, frames_, frame.payload, frame.size, frame.address);
    // A larger one may not fit into a packet of the network, and only a whole datagram is cut into several.
    row_ = segments_ != nullptr && frame.size > 0 && frame.size <= kSegmentMost ? frame.size : 0;
  }

  // Whether it goes with the message before it.
  bool join(const Frame& frame) noexcept {
    if (frame.size == 0 || frame.size > row_ || !batch.goes_to(messages - 1, frame.address)) return false;
    msghdr& header = batch.messages[messages - 1].header;
    if (header.msg_iovlen == 1) segments_->segment(header, controls_[messages - 1], static_cast<std::uint16_t>(row_));
    // Behind the parts of the row, which are the latest ones.
    iovec* part = header.msg_iov + header.msg_iovlen;
    *part = iovec{const_cast<std::uint8_t*>(frame.payload), frame.size};
    ++header.msg_iovlen;
    // A shorter one ends its row.
    if (frame.size < row_) row_ = 0;
    return true;
  }

  const DatagramCalls* segments_;
  std::size_t row_ = 0;  // the size of what may join the last message; 0: nothing
  int frames_ = 0;
  SegmentControl controls_[kDatagramBatch];
};

}  // namespace readyloop::transport
