// The commands of the transports: read the arguments, call the core, convert the answer. Failures are negative errnos,
// and every command for a sink whose transport is gone answers -EBADF or does nothing, as on a closed loop.
#include "addon/transport_object.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>

#include "addon/args.h"
#include "addon/datagram_object.h"
#include "addon/methods.h"
#include "addon/typed_arrays.h"
#include "base/heap.h"
#include "transport/transports.h"

namespace readyloop::addon {
namespace {

using transport::Address;
using transport::SinkName;
using transport::StreamListener;
using transport::StreamTransport;
using transport::Transports;

// The arguments from `at` on: slot, word. What no sink can have is refused, as for timers.
template <std::size_t N>
SinkName read_name(Args<N>& args, std::size_t at) noexcept {
  const std::uint32_t slot = args.slot(at);
  return SinkName{slot, args.int32(at + 1)};
}

// A host and a port, or with the port -1 a path.
base::Result<Address> to_address(const std::string& host, std::int32_t port) noexcept {
  if (port < 0) return Address::unix_path(host);
  return Address::inet(host, static_cast<std::uint16_t>(port));
}

napi_value connect(napi_env env, napi_callback_info info) noexcept {
  Args<6> args(env, info);
  const SinkName name = read_name(args, 0);
  const std::optional<std::string> host = read_string(env, args.raw(2));
  const std::int32_t port = args.int32(3);
  const std::optional<std::string> local_host = read_string(env, args.raw(4));
  const std::int32_t local_port = args.int32(5);
  if (!args.ok() || !host || !local_host) {
    return throw_type_error(env, "connect(slot, word, host: string, port: number, localHost: string, localPort: number)");
  }
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_int32(env, -EBADF);
  auto remote = to_address(*host, port);
  if (!remote.ok()) return make_errno(env, remote.status());
  std::optional<Address> local;
  if (!local_host->empty()) {
    auto from = to_address(*local_host, local_port);
    if (!from.ok()) return make_errno(env, from.status());
    local = from.value();
  }
  auto connected = transports->connect(name, remote.value(), local ? &*local : nullptr);
  return connected.ok() ? make_int32(env, connected.value() ? 1 : 0) : make_errno(env, connected.status());
}

constexpr std::int32_t kReusePort = 1;
constexpr std::int32_t kIpv6Only = 2;

napi_value listen(napi_env env, napi_callback_info info) noexcept {
  Args<7> args(env, info);
  const SinkName name = read_name(args, 0);
  const std::optional<std::string> host = read_string(env, args.raw(2));
  const std::int32_t port = args.int32(3);
  transport::ListenOptions options;
  options.backlog = args.int32(4);
  const std::int32_t flags = args.int32(5);
  options.reuse_port = (flags & kReusePort) != 0;
  options.ipv6_only = (flags & kIpv6Only) != 0;
  options.mode = args.int32(6);
  if (!args.ok() || !host) {
    return throw_type_error(env, "listen(slot, word, host: string, port: number, backlog: number, flags, mode)");
  }
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_int32(env, -EBADF);
  auto address = to_address(*host, port);
  if (!address.ok()) return make_errno(env, address.status());
  return make_errno(env, transports->listen(name, address.value(), options));
}

// 0, or a negative errno: -EAGAIN when no connection waits.
napi_value accept(napi_env env, napi_callback_info info) noexcept {
  Args<4> args(env, info);
  const SinkName listener = read_name(args, 0);
  const SinkName stream = read_name(args, 2);
  if (!args.ok()) return throw_type_error(env, "accept(listenerSlot, listenerWord, slot, word)");
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_int32(env, -EBADF);
  auto peer = transports->accept(listener, stream);
  return peer.ok() ? make_int32(env, 0) : make_errno(env, peer.status());
}

// Of a stream the answer is its StreamKind.
napi_value adopt(napi_env env, napi_callback_info info) noexcept {
  Args<4> args(env, info);
  const SinkName name = read_name(args, 0);
  const std::int32_t fd = args.int32(2);
  const bool listens = args.boolean(3);
  if (!args.ok()) return throw_type_error(env, "adopt(slot, word, fd: number, listens: boolean)");
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_int32(env, -EBADF);
  if (listens) return make_errno(env, transports->adopt_listener(name, fd));
  auto kind = transports->adopt_stream(name, fd);
  return kind.ok() ? make_int32(env, static_cast<std::int32_t>(kind.value())) : make_errno(env, kind.status());
}

napi_value open_pipe(napi_env env, napi_callback_info info) noexcept {
  Args<4> args(env, info);
  const SinkName reader = read_name(args, 0);
  const SinkName writer = read_name(args, 2);
  if (!args.ok()) return throw_type_error(env, "openPipe(readerSlot, readerWord, writerSlot, writerWord)");
  Transports* transports = args.closure<LoopObject>().transports();
  return make_errno(env, transports == nullptr ? base::Status(EBADF, "pipe") : transports->open_pipe(reader, writer));
}

constexpr std::int32_t kPause = 0;
constexpr std::int32_t kResume = 1;
constexpr std::int32_t kAnnounce = 2;
constexpr std::int32_t kDeliver = 3;
constexpr std::int32_t kEndSending = 4;
constexpr std::int32_t kRetrySending = 5;

base::Status control_stream(StreamTransport& stream, std::int32_t what) noexcept {
  switch (what) {
    case kPause:
      stream.pause_reading();
      return {};
    case kResume:
      stream.resume_reading();
      return {};
    case kAnnounce:
    case kDeliver:
      // Large chunks are on their way, in memory that is taken and freed as fast as they come.
      base::reuse_freed_memory();
      stream.announce(what == kAnnounce);
      return {};
    case kEndSending:
      stream.end_sending();
      return {};
    case kRetrySending:
      stream.retry_sending();
      return {};
    default:
      return base::Status(EINVAL, "control");
  }
}

base::Status control_listener(StreamListener& listener, std::int32_t what) noexcept {
  if (what == kResume) return listener.resume();
  if (what != kPause) return base::Status(EINVAL, "control");
  listener.pause();
  return {};
}

napi_value control(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const SinkName name = read_name(args, 0);
  const std::int32_t what = args.int32(2);
  if (!args.ok()) return throw_type_error(env, "control(slot, word, what: number)");
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_int32(env, -EBADF);
  if (what == kEndSending) transports->flush();
  if (StreamTransport* stream = transports->stream(name)) return make_errno(env, control_stream(*stream, what));
  if (StreamListener* listener = transports->listener(name)) return make_errno(env, control_listener(*listener, what));
  return make_int32(env, -EBADF);
}

constexpr std::int32_t kNoDelay = 0;
constexpr std::int32_t kKeepAlive = 1;

napi_value set_stream_option(napi_env env, napi_callback_info info) noexcept {
  Args<4> args(env, info);
  const SinkName name = read_name(args, 0);
  const std::int32_t option = args.int32(2);
  const std::int32_t value = args.int32(3);
  if (!args.ok()) return throw_type_error(env, "setOption(slot, word, option: number, value: number)");
  Transports* transports = args.closure<LoopObject>().transports();
  StreamTransport* stream = transports == nullptr ? nullptr : transports->stream(name);
  if (stream == nullptr) return make_int32(env, -EBADF);
  switch (option) {
    case kNoDelay:
      transport::set_option(stream->fd(), IPPROTO_TCP, TCP_NODELAY, value);
      return make_int32(env, 0);
    case kKeepAlive:
      transport::set_keep_alive(stream->fd(), value);
      return make_int32(env, 0);
    default:
      return make_int32(env, -EINVAL);
  }
}

napi_value receive(napi_env env, napi_callback_info info) noexcept {
  Args<5> args(env, info);
  const SinkName name = read_name(args, 0);
  const std::optional<Bytes> bytes = read_part(env, args.raw(2), args.uint32(3), args.uint32(4));
  if (!args.ok() || !bytes) return throw_type_error(env, "receive(slot, word, into: Uint8Array, start, end)");
  Transports* transports = args.closure<LoopObject>().transports();
  StreamTransport* stream = transports == nullptr ? nullptr : transports->stream(name);
  if (stream == nullptr) return make_int32(env, -EBADF);
  auto count = stream->receive(bytes->at, bytes->size);
  return count.ok() ? make_number(env, static_cast<double>(count.value())) : make_errno(env, count.status());
}

napi_value send(napi_env env, napi_callback_info info) noexcept {
  Args<5> args(env, info);
  const SinkName name = read_name(args, 0);
  const std::optional<Bytes> bytes = read_part(env, args.raw(2), args.uint32(3), args.uint32(4));
  if (!args.ok() || !bytes) return throw_type_error(env, "send(slot, word, bytes: Uint8Array, start, end)");
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_int32(env, -EBADF);
  transports->flush();
  StreamTransport* stream = transports->stream(name);
  if (stream == nullptr) return make_int32(env, -EBADF);
  auto count = stream->send_some(bytes->at, bytes->size);
  return count.ok() ? make_number(env, static_cast<double>(count.value())) : make_errno(env, count.status());
}

// How many bytes wait; with `low` zero or more also asks to be told when no more than that many do.
napi_value queued(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const SinkName name = read_name(args, 0);
  const std::int32_t low = args.int32(2);
  if (!args.ok()) return throw_type_error(env, "queued(slot, word, low: number)");
  Transports* transports = args.closure<LoopObject>().transports();
  StreamTransport* stream = transports == nullptr ? nullptr : transports->stream(name);
  if (stream == nullptr) return make_int32(env, 0);
  if (low >= 0) stream->notify_drained(static_cast<std::uint32_t>(low));
  return make_number(env, static_cast<double>(stream->queued()));
}

napi_value close(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const SinkName name = read_name(args, 0);
  const bool aborts = args.boolean(2);
  if (!args.ok()) return throw_type_error(env, "close(slot, word, aborts: boolean)");
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_boolean(env, true);
  if (!aborts) return make_boolean(env, transports->close(name));
  transports->abort(name);
  return make_boolean(env, true);
}

// As Address::describe(); the peer's, or one's own. An empty text: there is none (any more).
napi_value address(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const SinkName name = read_name(args, 0);
  const bool of_peer = args.boolean(2);
  if (!args.ok()) return throw_type_error(env, "address(slot, word, ofPeer: boolean)");
  Transports* transports = args.closure<LoopObject>().transports();
  transport::Transport* found = transports == nullptr ? nullptr : transports->find(name);
  if (found == nullptr) return make_text(env, std::string());
  StreamTransport* stream = of_peer ? transports->stream(name) : nullptr;
  auto known = stream != nullptr ? stream->peer() : of_peer ? Address::of_peer(found->fd()) : Address::of_socket(found->fd());
  return make_text(env, known.ok() ? known.value().describe() : std::string());
}

// The raw descriptor, for what must ask the kernel directly; -1 if there is none.
napi_value descriptor(napi_env env, napi_callback_info info) noexcept {
  Args<2> args(env, info);
  const SinkName name = read_name(args, 0);
  if (!args.ok()) return throw_type_error(env, "descriptor(slot, word)");
  Transports* transports = args.closure<LoopObject>().transports();
  transport::Transport* found = transports == nullptr ? nullptr : transports->find(name);
  return make_int32(env, found == nullptr ? -1 : found->fd());
}

napi_value flush(napi_env env, napi_callback_info info) noexcept {
  Args<0> args(env, info);
  if (Transports* transports = args.closure<LoopObject>().transports()) transports->flush();
  return nullptr;
}

constexpr Method kMethods[] = {
    {"connect", connect}, {"listen", listen},   {"accept", accept},   {"adopt", adopt},
    {"control", control}, {"receive", receive}, {"send", send},       {"queued", queued},
    {"address", address}, {"descriptor", descriptor}, {"setOption", set_stream_option},
    {"flush", flush},     {"close", close},     {"openPipe", open_pipe},
};

}  // namespace

napi_value open_transports(napi_env env, napi_callback_info info) noexcept {
  Args<2> args(env, info);
  const std::optional<Memory> slab = read_array_buffer(env, args.raw(0));
  const std::optional<Memory> outbox = read_array_buffer(env, args.raw(1));
  if (!args.ok() || !slab || !outbox) {
    return throw_type_error(env, "openTransports(slab: ArrayBuffer, outbox: ArrayBuffer)");
  }
  const LoopObject::SharedMemory memory{slab->at, slab->size, outbox->at, outbox->size};
  LoopObject& self = args.closure<LoopObject>();
  const base::Status opened = self.open_transports(args.raw(0), args.raw(1), memory);
  if (!opened.ok()) return make_errno(env, opened);
  napi_value target = nullptr;
  if (napi_create_object(env, &target) != napi_ok) return nullptr;
  const bool defined = define_methods(env, target, self, kMethods, sizeof kMethods / sizeof *kMethods) &&
                       define_datagram_methods(env, target, self);
  return defined ? target : nullptr;
}

}  // namespace readyloop::addon
