// The load generator for datagram servers: some sockets on one thread, each with some datagrams in flight, echoed by the
// server. A datagram carries its number, and its echo is checked. What is lost is sent again after a while.
// Linux only.
//
//   udp_load PORT SOCKETS BYTES IN_FLIGHT WARM_MS MEASURE_MS
// "start" and "stop" go to standard error at the edges of the measured time; the result is one JSON line.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t kMost = 64;  // datagrams in a call

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

struct Client {
  int fd = -1;
  std::uint64_t next = 0;
  std::size_t in_flight = 0;
  Clock::time_point began;
};

std::size_t bytes = 64;
std::size_t in_flight = 1;
bool measuring = false;
std::uint64_t messages = 0;
std::vector<double> latencies;
std::array<std::array<char, 65536>, kMost> buffers;

int open_socket(int port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
  return fd;
}

// One call for all: several messages of a batch.
struct Batch {
  std::array<mmsghdr, kMost> messages{};
  std::array<iovec, kMost> parts{};
  explicit Batch(std::size_t size) {
    for (std::size_t i = 0; i < kMost; ++i) {
      parts[i] = iovec{buffers[i].data(), size};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

void send_more(Client& client) {
  static Batch batch(bytes);
  const std::size_t count = std::min(kMost, in_flight - client.in_flight);
  if (count == 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t number = client.next + i;
    std::memcpy(buffers[i].data(), &number, sizeof number);
  }
  client.began = Clock::now();
  const int sent = sendmmsg(client.fd, batch.messages.data(), static_cast<unsigned>(count), 0);
  if (sent < 0) fail("sendmmsg");
  client.next += static_cast<std::uint64_t>(sent);
  client.in_flight += static_cast<std::size_t>(sent);
}

void receive(Client& client) {
  static Batch batch(buffers[0].size());
  const int count = recvmmsg(client.fd, batch.messages.data(), kMost, MSG_DONTWAIT, nullptr);
  if (count < 0) return;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    std::uint64_t number = 0;
    std::memcpy(&number, buffers[at].data(), sizeof number);
    if (batch.messages[at].msg_len != bytes || number >= client.next) {
      std::fprintf(stderr, "not what was sent\n");
      std::exit(1);
    }
  }
  client.in_flight -= std::min(client.in_flight, static_cast<std::size_t>(count));
  if (!measuring) return;
  messages += static_cast<std::uint64_t>(count);
  latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - client.began).count());
}

void run_for(std::vector<Client>& clients, int poller, Milliseconds time) {
  const auto end = Clock::now() + time;
  std::array<epoll_event, 256> events{};
  while (Clock::now() < end) {
    const int ready = epoll_wait(poller, events.data(), static_cast<int>(events.size()), 50);
    if (ready == 0) {
      // All that was in flight is lost.
      for (Client& client : clients) {
        client.in_flight = 0;
        send_more(client);
      }
    }
    for (int i = 0; i < ready; ++i) {
      Client& client = clients[events[static_cast<std::size_t>(i)].data.u32];
      receive(client);
      send_more(client);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) fail("udp_load PORT SOCKETS BYTES IN_FLIGHT WARM_MS MEASURE_MS");
  std::vector<Client> clients(static_cast<std::size_t>(std::atoi(argv[2])));
  bytes = static_cast<std::size_t>(std::atoi(argv[3]));
  in_flight = static_cast<std::size_t>(std::atoi(argv[4]));
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i].fd = open_socket(std::atoi(argv[1]));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(i);
    if (epoll_ctl(poller, EPOLL_CTL_ADD, clients[i].fd, &event) != 0) fail("epoll_ctl");
    send_more(clients[i]);
  }
  run_for(clients, poller, Milliseconds(std::atoi(argv[5])));
  measuring = true;
  std::fprintf(stderr, "start\n");
  const auto began = Clock::now();
  run_for(clients, poller, Milliseconds(std::atoi(argv[6])));
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::fprintf(stderr, "stop\n");
  std::sort(latencies.begin(), latencies.end());
  const auto percentile = [](std::size_t part) -> double {
    return latencies.empty() ? 0 : latencies[latencies.size() * part / 100];
  };
  std::printf("{\"messages\": %llu, \"seconds\": %.6f, \"p50us\": %.1f, \"p99us\": %.1f}\n",
              static_cast<unsigned long long>(messages), seconds, percentile(50), percentile(99));
  return 0;
}
