// A loop with transports, the memory that TypeScript would have made for them, and system calls that fail when told to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "support/descriptors.h"
#include "support/loop_fixture.h"
#include "transport/transports.h"

namespace readyloop::test {

// What the next calls answer instead of the kernel. A limit of bytes shortens a transfer; an error fails the call.
struct CallFaults {
  struct Fault {
    int error = 0;
    std::size_t limit = SIZE_MAX;
    // Nothing is moved: the call answers as if it were.
    bool pretends = false;
  };
  std::deque<Fault> receive;
  std::deque<Fault> send;
  std::deque<int> accept;
  // Errors of a connect that goes on all the same.
  std::deque<int> connect;
  int receives = 0;
  int sends = 0;
};

[[nodiscard]] CallFaults& call_faults();
extern const transport::SocketCalls kFaultyCalls;

struct TransportFixture : LoopFixture {
  explicit TransportFixture(std::size_t slab_size = 64 * 1024, std::uint32_t ring_capacity = 64,
                            std::unique_ptr<selector::Selector> chosen = make_selector())
      : LoopFixture(ring_capacity, std::move(chosen)), slab(slab_size), outbox_words(4 + 1024 * 4 + 16 * 1024) {
    call_faults() = CallFaults{};
    auto outbox = transport::Outbox::adopt(outbox_words.data(), outbox_words.size() * sizeof(std::int32_t));
    transports.emplace(*loop, slab.data(), slab.size(), outbox.take(), kFaultyCalls);
  }
  // The loop first: its registry owns the transports.
  ~TransportFixture() { loop.reset(); }

  // Our end of a pair becomes a stream with this name; the peer's end is returned.
  base::Fd stream(transport::SinkName name, SocketPair pair = make_tcp_pair()) {
    REQUIRE(transports->adopt_stream(name, pair.left.get()).ok());
    return std::move(pair.right);
  }

  // As ByteStream.write() does.
  void write(transport::SinkName name, std::string_view text) {
    std::int32_t* record = outbox_words.data() + 4 + outbox_words[0] * 4;
    record[0] = static_cast<std::int32_t>(name.slot);
    record[1] = name.word;
    record[2] = outbox_words[1];
    record[3] = static_cast<std::int32_t>(text.size());
    std::memcpy(reinterpret_cast<std::uint8_t*>(outbox_words.data() + 4 + 1024 * 4) + outbox_words[1], text.data(),
                text.size());
    outbox_words[0] += 1;
    outbox_words[1] += record[3];
  }

  // The bytes of a record, as TypeScript copies them out.
  [[nodiscard]] std::string bytes(const loop::Record& record) const {
    REQUIRE(record.a >= 0);
    return std::string(slab.begin() + record.a, slab.begin() + record.a + record.b);
  }

  // As the loop's. Where calls fail by seed it also plays TypeScript for streams that found no memory: it asks again.
  std::vector<loop::Record> turn() {
    if (!kIsDisturbed) return LoopFixture::turn();
    until_undisturbed([this] {
      retry_starved();
      REQUIRE(loop->run_once(base::Duration::zero()).ok());
    });
    return told();
  }

  // Turns until a record comes; a hang of the test is cut off by its time limit.
  std::vector<loop::Record> wait() {
    std::optional<base::Duration> longest = kLongestTurn;
    until_undisturbed([this, &longest] {
      retry_starved();
      REQUIRE(loop->run_once(longest).ok());
      longest = std::chrono::milliseconds(50);
    });
    return told();
  }

  void retry_starved() {
    if (!kIsDisturbed) return;
    for (std::uint32_t slot = 1; slot <= 5; ++slot) {
      for (const std::int32_t word : {0x16, 0x26, 0x36}) {
        if (transport::StreamTransport* found = transports->stream({slot, word})) found->retry_sending();
      }
    }
  }

  // What the turns have left, without what only faults bring.
  std::vector<loop::Record> told() {
    std::vector<loop::Record> records = drain.consume_all();
    const auto is_starved = [](const loop::Record& record) {
      return kIsDisturbed && record.a == static_cast<std::int32_t>(transport::TransportEvent::kStarved);
    };
    records.erase(std::remove_if(records.begin(), records.end(), is_starved), records.end());
    return records;
  }

  std::vector<std::uint8_t> slab;
  std::vector<std::int32_t> outbox_words;
  std::optional<transport::Transports> transports;
};

constexpr transport::SinkName kFirst{1, 0x16};
constexpr transport::SinkName kSecond{2, 0x26};

[[nodiscard]] inline bool is_event(const loop::Record& record, transport::TransportEvent event) {
  return record.a == static_cast<std::int32_t>(event);
}

// Everything that is there to read, as text.
[[nodiscard]] std::string read_all(int fd);
void write_all(int fd, std::string_view text);

}  // namespace readyloop::test
