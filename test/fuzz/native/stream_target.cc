// StreamTransport, through Transports and the outbox, against a scripted kernel: what the peer sent is delivered once and
// in order, what was written leaves once and in order, events come in the order that transport_event.h promises, a
// stream that has nothing to do does not spin, and no descriptor is left open.
#include <arpa/inet.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "fuzz/native/scripted_kernel.h"
#include "loop/loop.h"
#include "native/support/ring_memory.h"
#include "transport/transports.h"

using namespace readyloop;
using fuzz::expect;
using transport::TransportEvent;

namespace {

constexpr std::uint32_t kStreams = 3;
constexpr std::size_t kSlabBytes = 16 * 1024;

// The byte at a place of a conversation.
std::uint8_t pattern(std::size_t at) { return static_cast<std::uint8_t>(at * 31 + (at >> 8)); }

std::uint8_t look(int fd) { return fuzz::kernel().readiness(fd); }

// What the sink of a stream knows.
struct Sink {
  transport::SinkName name;
  int fd = -1;
  bool connected = false;
  bool announces = false;
  bool ended = false;        // kEnd or kFailed was said
  bool failed = false;
  bool send_failed = false;
  bool reset_by_us = false;
  bool ends_sending = false;
  bool closing = false;
  bool is_behind = false;    // kBacklog was said, kDrained was not
  bool is_starved = false;   // kStarved was said, and it has not been asked again
  std::size_t peer_sent = 0;
  std::size_t received = 0;
  std::size_t written = 0;
};

class Run final {
 public:
  Run() : selector_(new fuzz::ScriptedSelector(look)) {
    fuzz::kernel() = {};
    loop_ = loop::Loop::create(std::unique_ptr<selector::Selector>(selector_), std::make_unique<fuzz::SilentWaker>(),
                               memory_.ring(), clock_).take();
    drain_.emplace(memory_, *loop_);
    auto outbox = transport::Outbox::adopt(outbox_.data(), outbox_.size() * sizeof(std::int32_t));
    transports_.emplace(*loop_, slab_.data(), slab_.size(), outbox.take(), fuzz::kScriptedCalls);
  }
  // The loop first: its registry owns the transports.
  ~Run() {
    loop_.reset();
    expect(fuzz::kernel().open_sockets() == 0, "no descriptor is left open");
  }

  void play(fuzz::Operations& operations) {
    while (!operations.empty()) {
      Sink& sink = sinks_[operations.below(kStreams)];
      const std::uint32_t kind = operations.below(16);
      const std::size_t size = 1 + std::size_t{operations.byte()} * (operations.below(8) == 0 ? 40 : 1);
      if (sink.fd < 0) {
        connect(sink, size);
      } else if (kind < 5) {
        world(sink, kind, size);
      } else {
        ours(sink, kind, size);
      }
    }
    settle();
  }

 private:
  void connect(Sink& sink, std::size_t how) {
    const std::uint32_t slot = sink.name.slot != 0 ? sink.name.slot : next_slot_++;
    sink = Sink{};
    sink.name = {slot, ++word_};
    constexpr int kAnswers[] = {0, EINPROGRESS, EINTR, ENETUNREACH};
    const int answer = kAnswers[how % 4];
    fuzz::kernel().connect_error = answer;
    fuzz::kernel().refuse_interest = how % 32 == 17 ? ENOMEM : 0;
    auto begun = transports_->connect(sink.name, transport::Address::inet("127.0.0.1", 1).value(), nullptr);
    const bool was_refused = how % 32 == 17 && answer != ENETUNREACH;
    fuzz::kernel().refuse_interest = 0;
    expect(begun.ok() == (answer != ENETUNREACH && !was_refused), "a connect fails as the kernel says");
    if (!begun.ok()) return;
    sink.connected = begun.value();
    sink.fd = transports_->stream(sink.name)->fd();
  }

  fuzz::ScriptedSocket& peer(const Sink& sink) { return fuzz::kernel().sockets.at(sink.fd); }

  // What the peer and the kernel do.
  void world(Sink& sink, std::uint32_t kind, std::size_t size) {
    fuzz::ScriptedSocket& socket = peer(sink);
    if (socket.connecting) {
      socket.connecting = false;
      socket.error = kind == 4 ? ECONNREFUSED : 0;
      socket.room = size;
      return;
    }
    if (kind == 0 && !socket.peer_ended && !socket.is_reset) {
      for (std::size_t i = 0; i < size; ++i) socket.to_receive.push_back(pattern(sink.peer_sent++));
    }
    if (kind == 1) socket.room += size;
    if (kind == 2) socket.peer_ended = true;
    if (kind == 3 && size % 4 == 0 && !socket.is_reset) {
      socket.is_reset = true;
      socket.error = ECONNRESET;
    }
    if (kind == 4 && size % 16 == 3) {
      fuzz::kernel().refuse_interest = ENOMEM;
    } else if (kind == 4) {
      add_faults(size);
    }
  }

  static void add_faults(std::size_t size) {
    constexpr int kErrors[] = {EINTR, EAGAIN, 0, ENOBUFS, 0, ENOMEM, EINTR, ECONNRESET};
    const int error = kErrors[size % 8];
    fuzz::ScriptedKernel::Fault fault{error, 1 + size / 16};
    if (size % 3 == 0) {
      // A receive that has no memory is a failure; see ours() for what follows.
      if (error == ENOBUFS || error == ENOMEM) fault.error = 0;
      fuzz::kernel().receives.push_back(fault);
    } else {
      fuzz::kernel().sends.push_back(fault);
    }
  }

  // What the program does.
  void ours(Sink& sink, std::uint32_t kind, std::size_t size) {
    transport::StreamTransport* stream = transports_->stream(sink.name);
    if (stream == nullptr) return turn(0);
    switch (kind) {
      case 5: return turn(size % 3);
      case 6: return write(sink, size);
      case 7: transports_->flush(); break;
      case 8: send_some(sink, *stream, size); break;
      case 9: stream->pause_reading(); break;
      case 10: stream->resume_reading(); break;
      case 11: receive(sink, *stream, size); break;
      case 12: end_sending(sink, *stream); break;
      case 13: if (!sink.closing && size % 4 == 0) close(sink); break;
      case 14: if (!sink.closing && size % 8 == 0) abort(sink); break;
      default: notify_or_announce(sink, *stream, size);
    }
    consume();
  }

  void notify_or_announce(Sink& sink, transport::StreamTransport& stream, std::size_t size) {
    if (size % 2 == 0) {
      stream.notify_drained(static_cast<std::uint32_t>(size));
      sink.is_behind = true;  // an answer follows
    } else {
      sink.announces = !sink.announces;
      stream.announce(sink.announces);
    }
  }

  void turn(std::size_t held_back) {
    for (Sink& sink : sinks_) retry(sink);
    transports_->flush();
    selector_->held_back = held_back;
    expect(loop_->run_once(base::Duration::zero()).ok(), "a turn succeeds");
    consume();
  }

  // As TypeScript does after a while.
  void retry(Sink& sink) {
    if (!sink.is_starved) return;
    sink.is_starved = false;
    if (transport::StreamTransport* stream = transports_->stream(sink.name)) stream->retry_sending();
  }

  [[nodiscard]] static bool may_write(const Sink& sink) {
    return !sink.send_failed && !sink.ends_sending && !sink.closing;
  }

  void write(Sink& sink, std::size_t size) {
    if (!may_write(sink)) return;
    std::int32_t* record = outbox_.data() + transport::kOutboxHeaderWords + outbox_[0] * 4;
    auto* bytes = reinterpret_cast<std::uint8_t*>(outbox_.data() + kBytesAt);
    if (outbox_[0] == 16 || static_cast<std::size_t>(outbox_[1]) + size > kOutboxBytes) return turn(0);
    record[0] = static_cast<std::int32_t>(sink.name.slot);
    record[1] = sink.name.word;
    record[2] = outbox_[1];
    record[3] = static_cast<std::int32_t>(size);
    for (std::size_t i = 0; i < size; ++i) bytes[outbox_[1]++] = pattern(sink.written++);
    ++outbox_[0];
  }

  void send_some(Sink& sink, transport::StreamTransport& stream, std::size_t size) {
    if (!may_write(sink)) return;
    transports_->flush();
    consume();
    if (!may_write(sink)) return;
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = pattern(sink.written + i);
    auto sent = stream.send_some(bytes.data(), size);
    if (sent.ok()) {
      expect(sent.value() <= size, "no more is sent than there is");
      sink.written += sent.value();
    } else {
      sink.send_failed = true;
    }
  }

  void receive(Sink& sink, transport::StreamTransport& stream, std::size_t size) {
    if (!sink.announces || sink.ended) return;
    std::vector<std::uint8_t> bytes(size);
    auto got = stream.receive(bytes.data(), size);
    if (got.ok() && got.value() > 0) return check_bytes(sink, bytes.data(), got.value());
    if (!got.ok() && got.error() == EAGAIN) return;
    sink.ended = true;
    sink.failed = !got.ok();
    if (got.ok()) expect(peer(sink).peer_ended || peer(sink).is_reset, "the end is the peer's");
  }

  void end_sending(Sink& sink, transport::StreamTransport& stream) {
    transports_->flush();
    sink.ends_sending = true;
    stream.end_sending();
  }

  void close(Sink& sink) {
    const bool is_closed = transports_->close(sink.name);
    consume();
    if (is_closed) {
      check_closed(sink);
    } else {
      sink.closing = true;
    }
  }

  void abort(Sink& sink) {
    transports_->abort(sink.name);
    check_closed(sink);
  }

  void check_closed(Sink& sink) {
    expect(transports_->stream(sink.name) == nullptr, "a closed stream has no name");
    sink.fd = -1;
    static_cast<void>(fuzz::kernel().open_sockets());
  }

  void check_bytes(Sink& sink, const std::uint8_t* bytes, std::size_t size) {
    expect(sink.connected, "bytes come behind the connection");
    expect(!sink.ended, "no bytes behind the end");
    for (std::size_t i = 0; i < size; ++i) {
      expect(bytes[i] == pattern(sink.received + i), "bytes come in order, none twice and none left out");
    }
    sink.received += size;
    expect(sink.received <= sink.peer_sent, "no more comes than was sent");
  }

  void consume() {
    // In the order in which they were appended, as TypeScript does; a record for a name that is over is dropped there.
    for (const loop::Record& record : drain_->consume_all()) {
      for (Sink& sink : sinks_) {
        if (static_cast<std::uint32_t>(record.slot) == sink.name.slot && record.word == sink.name.word && sink.fd >= 0) {
          take(sink, record);
        }
      }
    }
  }

  void take(Sink& sink, const loop::Record& record) {
    if (record.a >= 0) {
      expect(!sink.closing, "a stream that is closing delivers nothing");
      return check_bytes(sink, slab_.data() + record.a, static_cast<std::size_t>(record.b));
    }
    switch (static_cast<TransportEvent>(record.a)) {
      case TransportEvent::kConnected:
        expect(!sink.connected && !sink.ended, "connected once, and first");
        sink.connected = true;
        break;
      case TransportEvent::kReadable:
        expect(sink.connected && !sink.ended, "announced while there may be something");
        break;
      case TransportEvent::kEnd:
      case TransportEvent::kFailed:
        expect(!sink.ended, "the end is said once");
        sink.ended = true;
        sink.failed = static_cast<TransportEvent>(record.a) == TransportEvent::kFailed;
        expect(sink.failed || sink.received == sink.peer_sent, "the end comes behind the bytes");
        break;
      case TransportEvent::kSendFailed:
        expect(!sink.send_failed, "that nothing can be sent is said once");
        sink.send_failed = true;
        break;
      case TransportEvent::kBacklog:
        sink.is_behind = true;
        break;
      case TransportEvent::kDrained:
        sink.is_behind = false;
        break;
      case TransportEvent::kStarved:
        expect(!sink.is_starved, "that there is no memory is said once, until it is asked again");
        sink.is_starved = true;
        break;
      case TransportEvent::kClosed:
        expect(sink.closing, "only a stream that was closed says so");
        sink.fd = -1;
        static_cast<void>(fuzz::kernel().open_sockets());
        break;
      default:
        expect(false, "a stream has no other events");
    }
  }

  // A world without faults, in which everything can be sent. Then everything is, and the loop comes to rest.
  void settle() {
    fuzz::kernel().receives.clear();
    fuzz::kernel().sends.clear();
    fuzz::kernel().refuse_interest = 0;
    for (Sink& sink : sinks_) {
      if (sink.fd < 0) continue;
      fuzz::ScriptedSocket& socket = peer(sink);
      socket.connecting = false;
      socket.room = SIZE_MAX / 2;
      transport::StreamTransport* stream = transports_->stream(sink.name);
      if (stream == nullptr) continue;
      if (sink.announces) stream->announce(false);
      sink.announces = false;
      if (!sink.closing) stream->resume_reading();
    }
    std::uint32_t turns = 0;
    for (; turns < 200 && is_busy(turns); ++turns) turn(0);
    expect(turns < 200, "a loop that has nothing to do rests");
    for (Sink& sink : sinks_) {
      if (sink.fd >= 0) check_settled(sink);
    }
  }

  bool is_busy(std::uint32_t turns) {
    if (turns < 3) return true;
    for (const auto& [fd, registration] : selector_->registrations) {
      std::uint8_t wanted = selector::kHangup | selector::kError;
      if (registration.interest.readable) wanted |= selector::kReadable;
      if (registration.interest.writable) wanted |= selector::kWritable;
      if ((look(fd) & wanted) != 0) return true;
    }
    return false;
  }

  void check_settled(const Sink& sink) {
    const fuzz::ScriptedSocket& socket = peer(sink);
    expect(!sink.closing, "a stream that was closed is closed when its bytes are sent");
    for (std::size_t i = 0; i < socket.sent.size(); ++i) {
      expect(socket.sent[i] == pattern(i), "bytes leave in order, none twice and none left out");
    }
    expect(socket.sent.size() <= sink.written, "no more leaves than was written");
    if (sink.failed && !sink.connected) return;
    if (!sink.send_failed) {
      expect(socket.sent.size() == sink.written, "everything that was written is sent");
      expect(!sink.is_behind, "a stream that has fallen behind says when it has caught up");
      expect(socket.is_shut_down == sink.ends_sending, "the sending side ends when it was asked to");
    }
    if (!sink.ended) {
      expect(sink.received == sink.peer_sent && !socket.peer_ended && !socket.is_reset, "everything is received");
    }
  }

  static constexpr std::size_t kOutboxBytes = 64 * 1024;
  static constexpr std::size_t kBytesAt =
      transport::kOutboxHeaderWords + transport::kOutboxRecords * transport::kOutboxRecordWords;

  test::RingMemory memory_{16};
  base::ManualClock clock_;
  fuzz::ScriptedSelector* selector_;
  std::unique_ptr<loop::Loop> loop_;
  std::optional<test::SimulatedDrain<loop::Loop>> drain_;
  std::vector<std::uint8_t> slab_ = std::vector<std::uint8_t>(kSlabBytes);
  std::vector<std::int32_t> outbox_ = std::vector<std::int32_t>(kBytesAt + kOutboxBytes / 4);
  std::optional<transport::Transports> transports_;
  Sink sinks_[kStreams];
  std::uint32_t next_slot_ = 1;
  std::int32_t word_ = 0x16;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::Operations operations(bytes, size);
  Run().play(operations);
  return 0;
}
