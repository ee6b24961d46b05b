// The load generator: many connections on one thread, each with some messages in flight, or one connection after the
// other. It checks every byte that comes back, and prints one JSON line with what it has done in the measured time.
// Linux only.
//
//   load echo PORT CONNECTIONS BYTES IN_FLIGHT WARM_MS MEASURE_MS [RATE]   round trips; RATE a second in all, if given
//   load cycle PORT CONCURRENT BYTES WARM_MS MEASURE_MS                   connect, send, receive, close
//   load idle PORT CONNECTIONS                                            opens, prints "ready", waits for standard input
// With echo and cycle "start" and "stop" go to standard error at the edges of the measured time.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

struct Connection {
  int fd = -1;
  std::size_t to_send = 0;     // bytes of started messages that are not sent yet
  std::size_t sent = 0;        // position in the pattern
  std::size_t received = 0;    // bytes received so far
  std::vector<Clock::time_point> began;
};

struct Task {
  std::string kind;
  int port = 0;
  std::size_t connections = 0;
  std::size_t bytes = 0;
  std::size_t in_flight = 1;
  Milliseconds warm{0};
  Milliseconds measured{0};
  double rate = 0;
};

Task task;
std::vector<char> pattern;
std::vector<double> latencies;
bool measuring = false;
std::uint64_t messages = 0;
int epoll_fd = -1;

int open_connection(bool blocking) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  // Each loopback address has ports of its own, so neither open connections nor those that linger in the kernel after
  // their end use them up.
  static std::uint32_t opened = 0;
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (opened++ % 200));
  const int late = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late);
  if (task.kind != "echo" && bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0) fail("bind");
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(task.port));
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!blocking && ::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
  return fd;
}

void watch(Connection& connection, int operation, bool wants_room) {
  epoll_event event{};
  event.events = EPOLLIN | (wants_room ? EPOLLOUT : 0U);
  event.data.ptr = &connection;
  if (epoll_ctl(epoll_fd, operation, connection.fd, &event) != 0) fail("epoll_ctl");
}

void pump(Connection& connection) {
  while (connection.to_send > 0) {
    const std::size_t at = connection.sent % task.bytes;
    const std::size_t size = std::min(connection.to_send, pattern.size() - at);
    const ssize_t count = send(connection.fd, pattern.data() + at, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      watch(connection, EPOLL_CTL_MOD, true);
      return;
    }
    if (count < 0) fail("send");
    connection.sent += static_cast<std::size_t>(count);
    connection.to_send -= static_cast<std::size_t>(count);
  }
}

void start_message(Connection& connection) {
  connection.began.push_back(Clock::now());
  connection.to_send += task.bytes;
}

// Returns: how many messages are complete now that were not before.
std::size_t receive(Connection& connection) {
  static std::vector<char> buffer(1024 * 1024);
  const ssize_t count = recv(connection.fd, buffer.data(), buffer.size(), 0);
  if (count < 0 && errno == EAGAIN) return 0;
  if (count <= 0) fail("recv");
  const std::size_t before = connection.received / task.bytes;
  std::size_t done = 0;
  while (done < static_cast<std::size_t>(count)) {
    const std::size_t at = connection.received % task.bytes;
    const std::size_t size = std::min(static_cast<std::size_t>(count) - done, task.bytes - at);
    if (std::memcmp(buffer.data() + done, pattern.data() + at, size) != 0) {
      std::fprintf(stderr, "what came back is not what was sent\n");
      std::exit(1);
    }
    connection.received += size;
    done += size;
  }
  return connection.received / task.bytes - before;
}

void note(Connection& connection, std::size_t complete) {
  const Clock::time_point now = Clock::now();
  for (std::size_t i = 0; i < complete; ++i) {
    if (measuring) latencies.push_back(std::chrono::duration<double, std::micro>(now - connection.began[i]).count());
  }
  connection.began.erase(connection.began.begin(), connection.began.begin() + static_cast<std::ptrdiff_t>(complete));
  if (measuring) messages += complete;
}

double percentile(double part) {
  if (latencies.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1));
  std::nth_element(latencies.begin(), latencies.begin() + static_cast<std::ptrdiff_t>(at), latencies.end());
  return latencies[at];
}

void report(Clock::duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  std::printf("{\"messages\": %llu, \"seconds\": %.4f, \"p50us\": %.1f, \"p99us\": %.1f}\n",
              static_cast<unsigned long long>(messages), seconds, percentile(0.5), percentile(0.99));
}

void say(const char* word) {
  std::fprintf(stderr, "%s\n", word);
  std::fflush(stderr);
}

// Called between rounds. Returns: false when the time is over.
bool keep_time(Clock::time_point began, Clock::time_point& measured_from) {
  const Clock::time_point now = Clock::now();
  if (!measuring && now - began >= task.warm && measured_from == Clock::time_point{}) {
    measuring = true;
    measured_from = now;
    say("start");
  }
  if (!measuring || now - measured_from < task.measured) return true;
  say("stop");
  report(now - measured_from);
  return false;
}

void run_echo() {
  std::vector<Connection> connections(task.connections);
  for (Connection& connection : connections) {
    connection.fd = open_connection(false);
    watch(connection, EPOLL_CTL_ADD, false);
    for (std::size_t i = 0; task.rate == 0 && i < task.in_flight; ++i) start_message(connection);
    pump(connection);
  }
  const Clock::time_point began = Clock::now();
  Clock::time_point measured_from{};
  std::array<epoll_event, 1024> events{};
  std::uint64_t started = 0;
  while (keep_time(began, measured_from)) {
    const double due = task.rate * std::chrono::duration<double>(Clock::now() - began).count();
    for (; task.rate > 0 && static_cast<double>(started) < due; ++started) {
      Connection& connection = connections[started % connections.size()];
      start_message(connection);
      pump(connection);
    }
    const int count = epoll_wait(epoll_fd, events.data(), static_cast<int>(events.size()), task.rate > 0 ? 0 : 10);
    for (int i = 0; i < count; ++i) {
      Connection& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if ((events[static_cast<std::size_t>(i)].events & EPOLLOUT) != 0) {
        watch(connection, EPOLL_CTL_MOD, false);
        pump(connection);
      }
      const std::size_t complete = receive(connection);
      note(connection, complete);
      for (std::size_t m = 0; task.rate == 0 && m < complete; ++m) start_message(connection);
      pump(connection);
    }
  }
}

void run_cycle() {
  std::vector<Connection> connections(task.connections);
  const auto open_one = [](Connection& connection) {
    connection = Connection{};
    connection.fd = open_connection(false);
    watch(connection, EPOLL_CTL_ADD, false);
    start_message(connection);
    pump(connection);
  };
  for (Connection& connection : connections) open_one(connection);
  const Clock::time_point began = Clock::now();
  Clock::time_point measured_from{};
  std::array<epoll_event, 1024> events{};
  while (keep_time(began, measured_from)) {
    const int count = epoll_wait(epoll_fd, events.data(), static_cast<int>(events.size()), 10);
    for (int i = 0; i < count; ++i) {
      Connection& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      const std::size_t complete = receive(connection);
      note(connection, complete);
      if (complete == 0) continue;
      close(connection.fd);
      open_one(connection);
    }
  }
}

void run_idle() {
  for (std::size_t i = 0; i < task.connections; ++i) open_connection(true);
  std::printf("ready\n");
  std::fflush(stdout);
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

void raise_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const auto number = [&](int at) { return argc > at ? std::strtoul(argv[at], nullptr, 10) : 0; };
  raise_limit();
  task.kind = argv[1];
  task.port = static_cast<int>(number(2));
  task.connections = number(3);
  const bool is_echo = task.kind == "echo";
  task.bytes = std::max(1UL, number(4));
  if (is_echo) task.in_flight = number(5);
  task.warm = Milliseconds(number(is_echo ? 6 : 5));
  task.measured = Milliseconds(number(is_echo ? 7 : 6));
  if (is_echo && argc > 8) task.rate = std::atof(argv[8]);
  pattern.resize(task.bytes);
  for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<char>((i * 31 + (i >> 8)) & 255);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (is_echo) {
    run_echo();
  } else if (task.kind == "cycle") {
    run_cycle();
  } else {
    run_idle();
  }
  return 0;
}
