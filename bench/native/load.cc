// The load generator: many connections on one thread, each with some messages in flight, or one connection after the
// other. It checks every byte that comes back, and prints one JSON line with what it has done in the measured time.
// Linux only.
//
//   load echo PORT CONNECTIONS BYTES IN_FLIGHT WARM_MS MEASURE_MS [RATE]   round trips; RATE a second in all, if given
//   load http PORT CONNECTIONS WARM_MS MEASURE_MS                         requests on kept connections
//   load cycle PORT CONCURRENT BYTES WARM_MS MEASURE_MS                   connect, send, receive, close
//   load idle PORT CONNECTIONS                                            opens, prints "ready", waits for standard input
// With all but idle "start" and "stop" go to standard error at the edges of the measured time.
//
// With a RATE messages are due at even distances, whatever became of those before. A latency is counted from when its
// message was due, so a server that is slow cannot hide it by slowing the load down; and neither can the load, whose own
// delays are reported as "late99us": where they are long, the other figures say nothing about the server.
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
  std::vector<Clock::time_point> began;  // of the messages in flight: when each was due
};

struct Task {
  std::string kind;
  int port = 0;
  std::size_t connections = 0;
  std::size_t bytes = 0;
  std::size_t in_flight = 1;
  std::size_t answer_bytes = 0;  // of one answer; http learns it from the first one
  Milliseconds warm{0};
  Milliseconds measured{0};
  double rate = 0;
};

Task task;
std::vector<char> pattern;   // one message
std::vector<char> outgoing;  // as many of them as one connection has in flight
std::vector<double> latencies;
std::vector<double> lateness;  // of the load itself: from when a message was due until it was sent
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
    // All that is due goes out in one call, so that the load is not what bounds the rate.
    const std::size_t at = connection.sent % task.bytes;
    const std::size_t size = std::min(connection.to_send, outgoing.size() - at);
    const ssize_t count = send(connection.fd, outgoing.data() + at, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      watch(connection, EPOLL_CTL_MOD, true);
      return;
    }
    if (count < 0) fail("send");
    connection.sent += static_cast<std::size_t>(count);
    connection.to_send -= static_cast<std::size_t>(count);
  }
}

void start_message(Connection& connection, Clock::time_point due) {
  connection.began.push_back(due);
  connection.to_send += task.bytes;
}

[[noreturn]] void wrong(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

// Every byte of an echo has its place in the pattern.
void check_echo(std::size_t at, const char* bytes, std::size_t size) {
  while (size > 0) {
    const std::size_t start = at % task.bytes;
    const std::size_t part = std::min(size, task.bytes - start);
    if (std::memcmp(bytes, pattern.data() + start, part) != 0) wrong("what came back is not what was sent");
    at += part;
    bytes += part;
    size -= part;
  }
}

// Answers of HTTP are all as long as the first one, and begin in the same way.
void check_http(std::size_t at, const char* bytes, std::size_t size) {
  static const std::string begin = "HTTP/1.1 200 OK\r\n";
  if (task.answer_bytes == 0) {
    const std::string text(bytes, size);
    const std::size_t head = text.find("\r\n\r\n");
    const std::size_t length = text.find("Content-Length: ");
    if (at != 0 || head == std::string::npos || length == std::string::npos) wrong("no answer with a length");
    task.answer_bytes = head + 4 + std::strtoul(text.c_str() + length + 16, nullptr, 10);
  }
  for (std::size_t i = (task.answer_bytes - at % task.answer_bytes) % task.answer_bytes; i < size;
       i += task.answer_bytes) {
    if (std::memcmp(bytes + i, begin.data(), std::min(begin.size(), size - i)) != 0) wrong("not the answer");
  }
}

// Returns: how many answers are complete now that were not before.
std::size_t receive(Connection& connection) {
  static std::vector<char> buffer(1024 * 1024);
  const ssize_t count = recv(connection.fd, buffer.data(), buffer.size(), 0);
  if (count < 0 && errno == EAGAIN) return 0;
  if (count <= 0) fail("recv");
  const auto size = static_cast<std::size_t>(count);
  (task.kind == "http" ? check_http : check_echo)(connection.received, buffer.data(), size);
  const std::size_t before = connection.received / task.answer_bytes;
  connection.received += size;
  return connection.received / task.answer_bytes - before;
}

void note(Connection& connection, std::size_t complete) {
  const Clock::time_point now = Clock::now();
  for (std::size_t i = 0; i < complete; ++i) {
    if (measuring) latencies.push_back(std::chrono::duration<double, std::micro>(now - connection.began[i]).count());
  }
  connection.began.erase(connection.began.begin(), connection.began.begin() + static_cast<std::ptrdiff_t>(complete));
  if (measuring) messages += complete;
}

double percentile(std::vector<double>& values, double part) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

void report(Clock::duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  std::printf("{\"messages\": %llu, \"seconds\": %.4f, \"p50us\": %.1f, \"p99us\": %.1f, \"late99us\": %.1f}\n",
              static_cast<unsigned long long>(messages), seconds, percentile(latencies, 0.5),
              percentile(latencies, 0.99), percentile(lateness, 0.99));
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

// Sends what is due by now, the connections in turn.
void send_due(std::vector<Connection>& connections, Clock::time_point began, std::uint64_t& started) {
  for (;; ++started) {
    const std::chrono::duration<double> after(static_cast<double>(started) / task.rate);
    const Clock::time_point due = began + std::chrono::duration_cast<Clock::duration>(after);
    const Clock::time_point now = Clock::now();
    if (due > now) return;
    Connection& connection = connections[started % connections.size()];
    start_message(connection, due);
    pump(connection);
    if (measuring) lateness.push_back(std::chrono::duration<double, std::micro>(now - due).count());
  }
}

void run_echo() {
  std::vector<Connection> connections(task.connections);
  for (Connection& connection : connections) {
    connection.fd = open_connection(false);
    watch(connection, EPOLL_CTL_ADD, false);
    for (std::size_t i = 0; task.rate == 0 && i < task.in_flight; ++i) start_message(connection, Clock::now());
    pump(connection);
  }
  const Clock::time_point began = Clock::now();
  Clock::time_point measured_from{};
  std::array<epoll_event, 1024> events{};
  std::uint64_t started = 0;
  while (keep_time(began, measured_from)) {
    if (task.rate > 0) send_due(connections, began, started);
    const int count = epoll_wait(epoll_fd, events.data(), static_cast<int>(events.size()), task.rate > 0 ? 0 : 10);
    for (int i = 0; i < count; ++i) {
      Connection& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if ((events[static_cast<std::size_t>(i)].events & EPOLLOUT) != 0) {
        watch(connection, EPOLL_CTL_MOD, false);
        pump(connection);
      }
      const std::size_t complete = receive(connection);
      note(connection, complete);
      for (std::size_t m = 0; task.rate == 0 && m < complete; ++m) start_message(connection, Clock::now());
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
    start_message(connection, Clock::now());
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
  const bool is_http = task.kind == "http";
  const int times_at = is_echo ? 6 : is_http ? 4 : 5;
  if (is_echo) task.in_flight = number(5);
  task.warm = Milliseconds(number(times_at));
  task.measured = Milliseconds(number(times_at + 1));
  if (is_echo && argc > 8) task.rate = std::atof(argv[8]);
  if (is_http) {
    const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    pattern.assign(request.begin(), request.end());
  } else {
    pattern.resize(std::max(1UL, number(4)));
    for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<char>((i * 31 + (i >> 8)) & 255);
    task.answer_bytes = pattern.size();
  }
  task.bytes = pattern.size();
  for (std::size_t i = 0; i < task.in_flight; ++i) outgoing.insert(outgoing.end(), pattern.begin(), pattern.end());
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (is_echo || is_http) {
    run_echo();
  } else if (task.kind == "cycle") {
    run_cycle();
  } else {
    run_idle();
  }
  return 0;
}
