// Loads the addon that is named, as Node would, and runs loops of its own with it: timers, descriptors, a wake-up from
// another thread, a TCP connection, the end. For systems for which no Node can be had (host.h); it runs on the others too.
//
//   probe prebuilds/linux-x64/readyloop.musl.node
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "host.h"
#include "loop_under_test.h"

namespace {

using probe::LoopUnderTest;
using probe::Record;

int passed = 0;
int failed = 0;

void check(const std::string& what, bool holds) {
  ++(holds ? passed : failed);
  std::printf("%s %s\n", holds ? "ok  " : "FAIL", what.c_str());
}

napi_value number(double value) { return host::make_number(value); }
napi_value text(const char* value) { return host::make_text(value); }

int count_descriptors() {
  int count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return -1;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

void check_timers(LoopUnderTest& loop, const std::string& name) {
  const double start = host::number_of(loop.call("now", {}));
  loop.call("arm", {number(1), number(0), number(20)});
  loop.call("arm", {number(2), number(0), number(5)});
  loop.call("arm", {number(3), number(0), number(5)});
  loop.call("arm", {number(4), number(0), number(1)});
  const bool disarmed = host::number_of(loop.call("disarm", {number(4)})) != 0;
  std::vector<std::int32_t> order;
  Record record{};
  for (const std::int32_t slot : {2, 3, 1}) {
    if (loop.run_until(slot, record)) order.push_back(record.slot);
  }
  const double spent = host::number_of(loop.call("now", {})) - start;
  check(name + ": timers end in order and not early", order == std::vector<std::int32_t>{2, 3, 1} && spent >= 20);
  check(name + ": a disarmed timer is silent", disarmed && loop.run_once(0).empty());
}

void check_descriptors(LoopUnderTest& loop, const std::string& name) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const napi_value reader = number(ends[0]);
  const bool watched =
      host::number_of(loop.call("watch", {reader, number(0), number(10), number(0), host::make_boolean(false)})) == 0;
  const bool silent = loop.run_once(0).empty();
  const bool written = ::write(ends[1], "x", 1) == 1;
  Record record{};
  const bool reported = loop.run_until(10, record);
  check(name + ": a descriptor is reported when it is ready", watched && silent && written && reported && record.a != 0);
  loop.call("forget", {reader});
  ::close(ends[0]);
  ::close(ends[1]);
}

void* wake_soon(void* loop) {
  ::usleep(20'000);
  static_cast<LoopUnderTest*>(loop)->call("wake", {});
  return nullptr;
}

void check_wake(LoopUnderTest& loop, const std::string& name) {
  pthread_t thread;
  const double start = host::number_of(loop.call("now", {}));
  if (::pthread_create(&thread, nullptr, wake_soon, &loop) != 0) std::abort();
  const bool nothing = loop.run_once(10'000).empty();
  ::pthread_join(thread, nullptr);
  check(name + ": another thread ends a wait", nothing && host::number_of(loop.call("now", {})) - start < 5'000);
}

// `IPv4 PORT HOST`
int port_of(const std::string& address) { return std::atoi(address.c_str() + address.find(' ') + 1); }

void check_connection(LoopUnderTest& loop, const probe::Abi& abi, const std::string& name) {
  const napi_value zero = number(0);
  const napi_value localhost = text("127.0.0.1");
  const double listening = host::number_of(
      loop.call_transports("listen", {number(20), zero, localhost, zero, number(8), zero, number(-1)}));
  const std::string address =
      host::text_of(loop.call_transports("address", {number(20), zero, host::make_boolean(false)}));
  loop.call_transports("connect", {number(21), zero, localhost, number(port_of(address)), text(""), zero});
  Record record{};
  const bool offered = loop.run_until(20, record) && record.a == abi["eventAccepted"];
  const double accepted = host::number_of(loop.call_transports("accept", {number(20), zero, number(22), zero}));
  const bool connected = loop.run_until(21, record) && record.a == abi["eventConnected"];
  check(name + ": a server accepts a connection", listening == 0 && offered && accepted == 0 && connected);

  const char words[] = "over TCP";
  const napi_value bytes = host::make_bytes(sizeof words);
  std::memcpy(host::memory_of(bytes), words, sizeof words);
  const double sent =
      host::number_of(loop.call_transports("send", {number(21), zero, bytes, zero, number(sizeof words)}));
  const bool came = loop.run_until(22, record) && record.a >= 0 && record.b == static_cast<int>(sizeof words) &&
                    std::memcmp(loop.slab() + record.a, words, sizeof words) == 0;
  check(name + ": bytes arrive as they were sent", sent == sizeof words && came);

  loop.call_transports("close", {number(21), zero, host::make_boolean(false)});
  check(name + ": the peer is told of the end", loop.run_until(22, record) && record.a == abi["eventEnd"]);
  for (const int slot : {22, 20}) loop.call_transports("close", {number(slot), zero, host::make_boolean(true)});
}

void check_selector(napi_value exports, const std::string& name) {
  const int before = count_descriptors();
  LoopUnderTest loop(exports, name);
  check(name + ": a loop opens", loop.failure() == 0);
  if (loop.failure() != 0) return;
  check_timers(loop, name);
  check_descriptors(loop, name);
  check_wake(loop, name);
  check_connection(loop, probe::Abi(exports), name);
  loop.call("close", {});
  check(name + ": a closed loop leaves no descriptor open", count_descriptors() == before);
}

}  // namespace

int main(int count, char** arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (count != 2) {
    std::fputs("usage: probe FILE.node\n", stderr);
    return 2;
  }
  void* addon = ::dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (addon == nullptr) std::printf("%s\n", ::dlerror());
  check("it loads, and every name that it wants is there", addon != nullptr);
  if (addon == nullptr) return 1;
  const auto version = reinterpret_cast<std::int32_t (*)()>(::dlsym(addon, "node_api_module_get_api_version_v1"));
  check("it asks for Node-API 8", version != nullptr && version() == 8);
  const auto initialize =
      reinterpret_cast<napi_value (*)(napi_env, napi_value)>(::dlsym(addon, "napi_register_module_v1"));
  const napi_value exports = initialize == nullptr ? nullptr : initialize(host::env(), host::make_object());
  check("it registers", exports != nullptr);
  if (exports == nullptr) return 1;
  const std::vector<napi_value> selectors = host::elements(host::property(exports, "selectors"));
  check("it has two selectors", selectors.size() == 2);
  for (const napi_value name : selectors) check_selector(exports, host::text_of(name));
  check("finalizers run", host::collect() > 0);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
