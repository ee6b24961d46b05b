// Read the arguments, call the core, convert the answer; as in transport_object.cc. Where a step of several fails, the
// answer is a text instead of a number: the errno and the system call.
#include "addon/datagram_object.h"

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>

#include "addon/args.h"
#include "addon/methods.h"
#include "addon/typed_arrays.h"
#include "transport/packed_address.h"
#include "transport/peer_credentials.h"
#include "transport/transports.h"

namespace readyloop::addon {
namespace {

using transport::Address;
using transport::DatagramOption;
using transport::DatagramTransport;
using transport::SinkName;
using transport::Transports;

template <std::size_t N>
SinkName read_name(Args<N>& args) noexcept {
  const std::uint32_t slot = args.slot(0);
  return SinkName{slot, args.int32(1)};
}

template <std::size_t N>
DatagramTransport* find(Args<N>& args, SinkName name) noexcept {
  Transports* transports = args.template closure<LoopObject>().transports();
  return transports == nullptr ? nullptr : transports->datagrams(name);
}

napi_value make_outcome(napi_env env, const base::Status& status) noexcept {
  if (status.ok()) return make_int32(env, 0);
  return make_text(env, std::to_string(-status.error()) + " " + status.syscall());
}

base::Result<Address> to_address(const std::string& host, std::int32_t port) noexcept {
  if (port < 0) return Address::unix_path(host);
  return Address::inet(host, static_cast<std::uint16_t>(port));
}

constexpr std::int32_t kReusePort = 1;
constexpr std::int32_t kIpv6Only = 2;
constexpr std::int32_t kReuseAddress = 4;
constexpr std::int32_t kBroadcast = 8;
constexpr std::int32_t kTakeDescriptors = 16;

DatagramTransport::Traits to_traits(std::int32_t flags, std::uint32_t max_size) noexcept {
  DatagramTransport::Traits traits;
  traits.max_size = max_size;
  traits.takes_descriptors = (flags & kTakeDescriptors) != 0;
  return traits;
}

napi_value open_datagrams(napi_env env, napi_callback_info info) noexcept {
  Args<9> args(env, info);
  const SinkName name = read_name(args);
  const std::optional<std::string> host = read_string(env, args.raw(2));
  const std::int32_t port = args.int32(3);
  const std::int32_t flags = args.int32(4);
  transport::DatagramOptions options;
  options.reuse_port = (flags & kReusePort) != 0;
  options.ipv6_only = (flags & kIpv6Only) != 0;
  options.reuse_address = (flags & kReuseAddress) != 0;
  options.broadcast = (flags & kBroadcast) != 0;
  options.mode = args.int32(5);
  options.receive_buffer = args.int32(6);
  options.send_buffer = args.int32(7);
  const std::uint32_t max_size = args.uint32(8);
  if (!args.ok() || !host) {
    return throw_type_error(env, "openDatagrams(slot, word, host: string, port, flags, mode, received, sent, maxSize)");
  }
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_outcome(env, base::Status(EBADF, "socket"));
  Address local;
  int family = AF_UNIX;
  if (!host->empty()) {
    auto address = to_address(*host, port);
    if (!address.ok()) return make_outcome(env, base::Status(address.error(), "bind"));
    local = address.value();
    family = local.family();
  }
  return make_outcome(env, transports->open_datagrams(name, family, local, options, to_traits(flags, max_size)));
}

napi_value connect_datagrams(napi_env env, napi_callback_info info) noexcept {
  Args<4> args(env, info);
  const SinkName name = read_name(args);
  const std::optional<Bytes> packed = read_bytes(env, args.raw(2));
  if (!args.ok() || !packed) return throw_type_error(env, "connectDatagrams(slot, word, address: Uint8Array)");
  DatagramTransport* found = find(args, name);
  if (found == nullptr) return make_int32(env, -EBADF);
  args.closure<LoopObject>().transports()->flush();
  auto address = transport::unpack_address(packed->at, packed->size);
  if (!address.ok()) return make_errno(env, address.status());
  return make_errno(env, found->connect(address.value()));
}

// 0: sent; -EAGAIN: see DatagramTransport::send. The descriptors are an Int32Array or null.
napi_value send_datagram(napi_env env, napi_callback_info info) noexcept {
  Args<5> args(env, info);
  const SinkName name = read_name(args);
  const std::optional<Bytes> bytes = read_bytes(env, args.raw(2));
  const std::optional<Bytes> packed = read_bytes(env, args.raw(3));
  const std::optional<Numbers> descriptors = read_numbers(env, args.raw(4));
  if (!args.ok() || !bytes || (!packed && !is_null(env, args.raw(3))) || (!descriptors && !is_null(env, args.raw(4)))) {
    return throw_type_error(env, "sendDatagram(slot, word, bytes: Uint8Array, address: Uint8Array | null, "
                                 "descriptors: Int32Array | null)");
  }
  // What was written before goes first.
  if (Transports* transports = args.closure<LoopObject>().transports()) transports->flush();
  DatagramTransport* found = find(args, name);
  if (found == nullptr) return make_int32(env, -EBADF);
  Address to;
  if (packed) {
    auto address = transport::unpack_address(packed->at, packed->size);
    if (!address.ok()) return make_errno(env, address.status());
    to = address.value();
  }
  const Numbers passed = descriptors.value_or(Numbers{});
  return make_errno(env, found->send(bytes->at, bytes->size, to, passed.at, passed.count));
}

// How many bytes wait; with `low` zero or more also asks to be told when no more than that many do.
napi_value queued_datagrams(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const SinkName name = read_name(args);
  const std::int32_t low = args.int32(2);
  if (!args.ok()) return throw_type_error(env, "queuedDatagrams(slot, word, low: number)");
  DatagramTransport* found = find(args, name);
  if (found == nullptr) return make_int32(env, 0);
  args.closure<LoopObject>().transports()->flush();
  if (low >= 0) found->notify_drained(static_cast<std::size_t>(low));
  return make_number(env, static_cast<double>(found->queued()));
}

napi_value read_datagrams(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const SinkName name = read_name(args);
  const bool reads = args.boolean(2);
  if (!args.ok()) return throw_type_error(env, "readDatagrams(slot, word, reads: boolean)");
  if (DatagramTransport* found = find(args, name)) {
    if (reads) {
      found->resume();
    } else {
      found->pause();
    }
  }
  return nullptr;
}

// Fills an Int32Array with descriptors that have come. Returns how many; the caller owns them.
napi_value take_descriptors(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const SinkName name = read_name(args);
  const std::optional<Numbers> into = read_numbers(env, args.raw(2));
  if (!args.ok() || !into) return throw_type_error(env, "takeDescriptors(slot, word, into: Int32Array)");
  DatagramTransport* found = find(args, name);
  return make_int32(env, found == nullptr ? 0 : static_cast<std::int32_t>(found->take_descriptors(into->at, into->count)));
}

napi_value set_option(napi_env env, napi_callback_info info) noexcept {
  Args<6> args(env, info);
  const SinkName name = read_name(args);
  const auto option = static_cast<DatagramOption>(args.int32(2));
  const std::int32_t value = args.int32(3);
  const std::optional<std::string> group = read_string(env, args.raw(4));
  const std::optional<std::string> interface = read_string(env, args.raw(5));
  if (!args.ok() || !group || !interface) {
    return throw_type_error(env, "setDatagramOption(slot, word, option, value, group: string, interface: string)");
  }
  DatagramTransport* found = find(args, name);
  if (found == nullptr) return make_int32(env, -EBADF);
  return make_errno(env, transport::set_datagram_option(found->fd(), option, value, *group, *interface));
}

napi_value get_option(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const SinkName name = read_name(args);
  const auto option = static_cast<DatagramOption>(args.int32(2));
  if (!args.ok()) return throw_type_error(env, "datagramOption(slot, word, option)");
  DatagramTransport* found = find(args, name);
  if (found == nullptr) return make_int32(env, -EBADF);
  auto value = transport::get_datagram_option(found->fd(), option);
  return value.ok() ? make_int32(env, value.value()) : make_errno(env, value.status());
}

napi_value connect_packets(napi_env env, napi_callback_info info) noexcept {
  Args<5> args(env, info);
  const SinkName name = read_name(args);
  const std::optional<std::string> path = read_string(env, args.raw(2));
  const std::int32_t flags = args.int32(3);
  const std::uint32_t max_size = args.uint32(4);
  if (!args.ok() || !path) return throw_type_error(env, "connectPackets(slot, word, path: string, flags, maxSize)");
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_int32(env, -EBADF);
  auto address = Address::unix_path(*path);
  if (!address.ok()) return make_errno(env, address.status());
  return make_errno(env, transports->connect_packets(name, address.value(), to_traits(flags, max_size)));
}

napi_value listen_packets(napi_env env, napi_callback_info info) noexcept {
  Args<5> args(env, info);
  const SinkName name = read_name(args);
  const std::optional<std::string> path = read_string(env, args.raw(2));
  transport::ListenOptions options;
  options.backlog = args.int32(3);
  options.mode = args.int32(4);
  options.type = SOCK_SEQPACKET;
  if (!args.ok() || !path) return throw_type_error(env, "listenPackets(slot, word, path: string, backlog, mode)");
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_int32(env, -EBADF);
  auto address = Address::unix_path(*path);
  if (!address.ok()) return make_errno(env, address.status());
  return make_errno(env, transports->listen(name, address.value(), options));
}

napi_value accept_packets(napi_env env, napi_callback_info info) noexcept {
  Args<6> args(env, info);
  const SinkName name = read_name(args);
  const SinkName listener{args.slot(2), args.int32(3)};
  const std::int32_t flags = args.int32(4);
  const std::uint32_t max_size = args.uint32(5);
  if (!args.ok()) return throw_type_error(env, "acceptPackets(slot, word, listenerSlot, listenerWord, flags, maxSize)");
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_int32(env, -EBADF);
  return make_errno(env, transports->accept_packets(listener, name, to_traits(flags, max_size)));
}

napi_value adopt_datagrams(napi_env env, napi_callback_info info) noexcept {
  Args<5> args(env, info);
  const SinkName name = read_name(args);
  const std::int32_t fd = args.int32(2);
  const std::int32_t flags = args.int32(3);
  const std::uint32_t max_size = args.uint32(4);
  if (!args.ok()) return throw_type_error(env, "adoptDatagrams(slot, word, fd: number, flags, maxSize)");
  Transports* transports = args.closure<LoopObject>().transports();
  if (transports == nullptr) return make_int32(env, -EBADF);
  auto of_packets = transports->adopt_datagrams(name, fd, to_traits(flags, max_size));
  return of_packets.ok() ? make_int32(env, of_packets.value() ? 1 : 0) : make_errno(env, of_packets.status());
}

// Writes who is at the other end of any transport's socket: process, user, group. 0 or a negative errno.
napi_value credentials(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const SinkName name = read_name(args);
  const std::optional<Numbers> into = read_numbers(env, args.raw(2));
  if (!args.ok() || !into || into->count < 3) {
    return throw_type_error(env, "peerCredentials(slot, word, into: Int32Array of three)");
  }
  Transports* transports = args.closure<LoopObject>().transports();
  transport::Transport* found = transports == nullptr ? nullptr : transports->find(name);
  if (found == nullptr) return make_int32(env, -EBADF);
  auto known = transport::peer_credentials(found->fd());
  if (!known.ok()) return make_errno(env, known.status());
  into->at[0] = static_cast<std::int32_t>(known.value().process);
  into->at[1] = static_cast<std::int32_t>(known.value().user);
  into->at[2] = static_cast<std::int32_t>(known.value().group);
  return make_int32(env, 0);
}

// Packs a numeric host and a port, or with the port -1 a path. Returns how many bytes, or a negative errno.
napi_value pack(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const std::optional<std::string> host = read_string(env, args.raw(0));
  const std::int32_t port = args.int32(1);
  const std::optional<Bytes> into = read_bytes(env, args.raw(2));
  if (!args.ok() || !host || !into || into->size < transport::kPackedAddressMax) {
    return throw_type_error(env, "packAddress(host: string, port: number, into: Uint8Array)");
  }
  auto address = to_address(*host, port);
  if (!address.ok()) return make_errno(env, address.status());
  return make_int32(env, static_cast<std::int32_t>(transport::pack_address(address.value(), into->at)));
}

// As Address::describe(). Nothing: it is no packed address, or one of nobody.
napi_value describe(napi_env env, napi_callback_info info) noexcept {
  Args<1> args(env, info);
  const std::optional<Bytes> packed = read_bytes(env, args.raw(0));
  if (!packed) return throw_type_error(env, "describeAddress(packed: Uint8Array)");
  auto address = transport::unpack_address(packed->at, packed->size);
  if (!address.ok() || address.value().length() == 0) return make_text(env, std::string());
  return make_text(env, address.value().describe());
}

constexpr Method kMethods[] = {
    {"openDatagrams", open_datagrams},     {"connectDatagrams", connect_datagrams}, {"sendDatagram", send_datagram},
    {"queuedDatagrams", queued_datagrams}, {"readDatagrams", read_datagrams},       {"takeDescriptors", take_descriptors},
    {"setDatagramOption", set_option},     {"datagramOption", get_option},          {"connectPackets", connect_packets},
    {"listenPackets", listen_packets},     {"acceptPackets", accept_packets},       {"adoptDatagrams", adopt_datagrams},
    {"peerCredentials", credentials},      {"packAddress", pack},                   {"describeAddress", describe},
};

}  // namespace

bool define_datagram_methods(napi_env env, napi_value target, LoopObject& object) noexcept {
  return define_methods(env, target, object, kMethods, sizeof kMethods / sizeof *kMethods);
}

}  // namespace readyloop::addon
