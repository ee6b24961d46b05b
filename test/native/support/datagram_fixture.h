// Sockets of datagrams on a loop, their frames read as TypeScript reads them, and system calls that fail when told to.
#pragma once

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/transport_fixture.h"
#include "transport/datagram_frame.h"

namespace readyloop::test {

// What the next calls for datagrams answer instead of the kernel; a limit lets through at most so many messages.
struct DatagramFaults {
  struct Fault {
    int error = 0;
    int limit = 1 << 20;
  };
  std::deque<Fault> receive;
  std::deque<Fault> send;
  int receives = 0;
  int sends = 0;
  // Whether rows leave as one message, where the kernel can.
  bool segments = false;
};

[[nodiscard]] DatagramFaults& datagram_faults();
extern const transport::DatagramCalls kFaultyDatagramCalls;

struct ReceivedFrame {
  std::string text;
  std::string from;
  std::uint32_t flags = 0;
  std::uint32_t number = 0;
};

struct DatagramFixture : TransportFixture {
  explicit DatagramFixture(std::size_t slab_size = 1024 * 1024,
                           std::unique_ptr<selector::Selector> chosen = make_selector())
      : TransportFixture(slab_size, 64, std::move(chosen)) {
    datagram_faults() = DatagramFaults{};
  }

  // Returns where it is.
  transport::Address open(transport::SinkName name, transport::DatagramTransport::Traits traits = {},
                          const char* host = "127.0.0.1", transport::DatagramOptions options = {}) {
    const transport::Address local = transport::Address::inet(host, 0).value();
    REQUIRE(transports->open_datagrams(name, local.family(), local, options, traits, kFaultyDatagramCalls).ok());
    return transport::Address::of_socket(transports->datagrams(name)->fd()).value();
  }
  transport::Address open_unix(transport::SinkName name, std::string_view path,
                               transport::DatagramTransport::Traits traits = {}) {
    const transport::Address local = path.empty() ? transport::Address() : transport::Address::unix_path(path).value();
    REQUIRE(transports->open_datagrams(name, AF_UNIX, local, {}, traits, kFaultyDatagramCalls).ok());
    return local;
  }

  base::Status send(transport::SinkName name, std::string_view text, const transport::Address& to,
                    const std::vector<int>& descriptors = {}) {
    return transports->datagrams(name)->send(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), to,
                                             descriptors.data(), descriptors.size());
  }

  // As DatagramSocket.write() does.
  void write_to(transport::SinkName name, std::string_view text, const transport::Address& to) {
    write(name, frame(text, to));
  }
  static std::string frame(std::string_view text, const transport::Address& to) {
    std::string bytes(transport::kFrameHeaderMax, '\0');
    auto* start = reinterpret_cast<std::uint8_t*>(bytes.data());
    const std::uint8_t* payload = transport::write_frame_header(start, text.size(), 0, 0, to);
    bytes.resize(static_cast<std::size_t>(payload - start));
    bytes.append(text).resize(transport::whole_words(bytes.size()));
    return bytes;
  }

  std::vector<ReceivedFrame> frames(const loop::Record& record) const {
    REQUIRE(record.a >= 0);
    REQUIRE(record.a % 4 == 0);
    const std::uint8_t* at = slab.data() + record.a;
    const std::uint8_t* end = at + record.b;
    std::vector<ReceivedFrame> found;
    while (at < end) {
      const auto left = static_cast<std::size_t>(end - at);
      auto read = transport::read_frame(at, left);
      REQUIRE(read.ok());
      std::uint32_t number = 0;
      std::memcpy(&number, at + 4, sizeof number);
      const transport::Frame& frame = read.value();
      found.push_back({std::string(reinterpret_cast<const char*>(frame.payload), frame.size),
                       frame.address.length() > 0 ? frame.address.describe() : "", number & 0xff, number >> 8});
      at += frame.whole;
    }
    return found;
  }

  // All that one turn brings.
  std::vector<ReceivedFrame> receive() {
    std::vector<ReceivedFrame> all;
    for (const loop::Record& record : turn()) {
      if (record.a < 0) continue;
      for (ReceivedFrame& frame : frames(record)) all.push_back(frame);
    }
    return all;
  }
};

}  // namespace readyloop::test
