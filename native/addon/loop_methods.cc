// The methods of NativeLoop, one function each: read the arguments, call the core, convert the answer.
// Failures are negative errnos; Error objects are made in TypeScript, where the realm and the classes are known.
// Only a mistyped argument throws, a TypeError, because that is a bug of the caller and no state of the system.
// On a closed loop commands do nothing and answer false, -EBADF or an empty list.
#include "addon/loop_methods.h"

#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "addon/args.h"
#include "addon/loop_object.h"
#include "addon/methods.h"
#include "addon/transport_object.h"
#include "addon/typed_arrays.h"

namespace readyloop::addon {
namespace {

napi_value arm(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const std::uint32_t slot = args.slot(0);
  const std::int32_t word = args.int32(1);
  const double delay_ms = args.milliseconds(2);
  if (!args.ok()) return throw_type_error(env, "arm(slot: number, word: number, delayMs: number)");
  LoopObject& self = args.closure<LoopObject>();
  if (self.loop() != nullptr) self.loop()->arm(slot, word, base::later(self.now(), to_duration(delay_ms)));
  return nullptr;
}

napi_value arm_at(napi_env env, napi_callback_info info) noexcept {
  Args<3> args(env, info);
  const std::uint32_t slot = args.slot(0);
  const std::int32_t word = args.int32(1);
  const double when_ms = args.milliseconds(2);
  if (!args.ok()) return throw_type_error(env, "armAt(slot: number, word: number, whenMs: number)");
  LoopObject& self = args.closure<LoopObject>();
  if (self.loop() != nullptr) self.loop()->arm(slot, word, to_instant(when_ms));
  return nullptr;
}

napi_value disarm(napi_env env, napi_callback_info info) noexcept {
  Args<1> args(env, info);
  const std::uint32_t slot = args.uint32(0);
  if (!args.ok()) return throw_type_error(env, "disarm(slot: number)");
  LoopObject& self = args.closure<LoopObject>();
  return make_boolean(env, self.loop() != nullptr && self.loop()->disarm(slot));
}

napi_value now(napi_env env, napi_callback_info info) noexcept {
  Args<0> args(env, info);
  return make_number(env, base::to_milliseconds(args.closure<LoopObject>().now()));
}

// Anything but 1 is the reading direction; TypeScript types it as 0 | 1.
loop::Direction to_direction(std::int32_t value) noexcept {
  return value == static_cast<std::int32_t>(loop::Direction::kWrite) ? loop::Direction::kWrite : loop::Direction::kRead;
}

napi_value watch(napi_env env, napi_callback_info info) noexcept {
  Args<5> args(env, info);
  const int fd = args.int32(0);
  const loop::Direction direction = to_direction(args.int32(1));
  const std::uint32_t slot = args.uint32(2);
  const std::int32_t word = args.int32(3);
  const loop::Repeat repeat = args.boolean(4) ? loop::Repeat::kAlways : loop::Repeat::kOnce;
  if (!args.ok()) {
    return throw_type_error(env, "watch(fd: number, direction: 0 | 1, slot: number, word: number, repeat: boolean)");
  }
  LoopObject& self = args.closure<LoopObject>();
  if (self.loop() == nullptr) return make_int32(env, -EBADF);
  return make_errno(env, self.loop()->watch(fd, direction, slot, word, repeat));
}

napi_value unwatch(napi_env env, napi_callback_info info) noexcept {
  Args<2> args(env, info);
  const int fd = args.int32(0);
  const loop::Direction direction = to_direction(args.int32(1));
  if (!args.ok()) return throw_type_error(env, "unwatch(fd: number, direction: 0 | 1)");
  LoopObject& self = args.closure<LoopObject>();
  return make_boolean(env, self.loop() != nullptr && self.loop()->unwatch(fd, direction));
}

napi_value forget(napi_env env, napi_callback_info info) noexcept {
  Args<1> args(env, info);
  const int fd = args.int32(0);
  if (!args.ok()) return throw_type_error(env, "forget(fd: number)");
  LoopObject& self = args.closure<LoopObject>();
  if (self.loop() != nullptr) self.loop()->forget(fd);
  return nullptr;
}

napi_value wake(napi_env env, napi_callback_info info) noexcept {
  LoopObject& self = Args<0>(env, info).closure<LoopObject>();
  if (self.loop() != nullptr) self.loop()->wake();
  return nullptr;
}

napi_value run_once(napi_env env, napi_callback_info info) noexcept {
  Args<1> args(env, info);
  const double max_wait_ms = args.milliseconds(0);
  if (!args.ok()) return throw_type_error(env, "runOnce(maxWaitMs: number)");
  std::optional<base::Duration> max_wait;
  if (max_wait_ms >= 0 && std::isfinite(max_wait_ms)) max_wait = to_duration(max_wait_ms);
  auto appended = args.closure<LoopObject>().run_once(max_wait);
  if (!appended.ok()) return make_errno(env, appended.status());
  return make_number(env, appended.value());
}

napi_value end_owned(napi_env env, napi_callback_info info) noexcept {
  Args<0>(env, info).closure<LoopObject>().end_owned();
  return nullptr;
}

napi_value take_overflow(napi_env env, napi_callback_info info) noexcept {
  LoopObject& self = Args<0>(env, info).closure<LoopObject>();
  const std::size_t words = self.loop() == nullptr ? 0 : self.loop()->overflow_size() * loop::kRecordWords;
  void* memory = nullptr;
  napi_value buffer = nullptr;
  napi_value result = nullptr;
  // The records are taken only once there is somewhere to put them: none is lost when memory is short.
  if (napi_create_arraybuffer(env, words * sizeof(std::int32_t), &memory, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_int32_array, words, buffer, 0, &result) != napi_ok) {
    return nullptr;
  }
  if (words > 0) self.loop()->take_overflow(static_cast<std::int32_t*>(memory));
  return result;
}

napi_value flush(napi_env env, napi_callback_info info) noexcept {
  LoopObject& self = Args<0>(env, info).closure<LoopObject>();
  if (self.loop() != nullptr) self.loop()->flush();
  return nullptr;
}

napi_value start_hosted(napi_env env, napi_callback_info info) noexcept {
  Args<2> args(env, info);
  napi_valuetype drain = napi_undefined;
  napi_valuetype resource = napi_undefined;
  if (!args.ok() || napi_typeof(env, args.raw(0), &drain) != napi_ok || drain != napi_function ||
      napi_typeof(env, args.raw(1), &resource) != napi_ok || resource != napi_object) {
    return throw_type_error(env, "startHosted(drain: () => number, resource: object)");
  }
  return make_errno(env, args.closure<LoopObject>().start_hosted(args.raw(0), args.raw(1)));
}

napi_value ref(napi_env env, napi_callback_info info) noexcept {
  HostedDriver* driver = Args<0>(env, info).closure<LoopObject>().driver();
  if (driver != nullptr) driver->set_ref(true);
  return nullptr;
}

napi_value unref(napi_env env, napi_callback_info info) noexcept {
  HostedDriver* driver = Args<0>(env, info).closure<LoopObject>().driver();
  if (driver != nullptr) driver->set_ref(false);
  return nullptr;
}

napi_value settle(napi_env env, napi_callback_info info) noexcept {
  HostedDriver* driver = Args<0>(env, info).closure<LoopObject>().driver();
  return make_boolean(env, driver != nullptr && driver->settle());
}

napi_value ask_turn(napi_env env, napi_callback_info info) noexcept {
  HostedDriver* driver = Args<0>(env, info).closure<LoopObject>().driver();
  if (driver != nullptr) driver->ask_turn();
  return nullptr;
}

napi_value close(napi_env env, napi_callback_info info) noexcept {
  Args<0>(env, info).closure<LoopObject>().close();
  return nullptr;
}

constexpr Method kMethods[] = {
    {"arm", arm},
    {"armAt", arm_at},
    {"disarm", disarm},
    {"now", now},
    {"watch", watch},
    {"unwatch", unwatch},
    {"forget", forget},
    {"wake", wake},
    {"runOnce", run_once},
    {"endOwned", end_owned},
    {"takeOverflow", take_overflow},
    {"startHosted", start_hosted},
    {"ref", ref},
    {"unref", unref},
    {"settle", settle},
    {"askTurn", ask_turn},
    {"close", close},
    {"flush", flush},
    {"openTransports", open_transports},
};

bool define_facts(napi_env env, napi_value target, LoopObject& object, const base::Status& opened) noexcept {
  const std::string_view name = object.loop() == nullptr ? std::string_view() : object.loop()->selector_name();
  napi_value selector = nullptr;
  return napi_create_string_utf8(env, name.data(), name.size(), &selector) == napi_ok &&
         napi_set_named_property(env, target, "selector", selector) == napi_ok &&
         napi_set_named_property(env, target, "failure", make_errno(env, opened)) == napi_ok;
}

// new NativeLoop(ring, selector, driver). A system failure does not throw: the object is made, closed, and its `failure` is
// the negative errno.
napi_value construct(napi_env env, napi_callback_info info) noexcept {
  std::size_t count = 3;
  napi_value values[3] = {};
  napi_value target = nullptr;
  napi_value new_target = nullptr;
  if (napi_get_cb_info(env, info, &count, values, &target, nullptr) != napi_ok ||
      napi_get_new_target(env, info, &new_target) != napi_ok) {
    return nullptr;
  }
  const std::optional<Memory> ring = read_array_buffer(env, values[0]);
  const std::optional<std::string> selector = read_string(env, values[1]);
  const std::optional<std::string> driver = read_string(env, values[2]);
  if (new_target == nullptr || !ring || !selector || !driver) {
    return throw_type_error(env, "new NativeLoop(ring: ArrayBuffer, selector: string, driver: 'uv' | 'poller')");
  }
  auto* object = new LoopObject(env);
  const base::Status opened = object->open(values[0], ring->at, ring->size, *selector, *driver);
  const bool defined = define_methods(env, target, *object, kMethods, sizeof kMethods / sizeof *kMethods) &&
                       define_facts(env, target, *object, opened);
  object->release();
  return defined ? target : nullptr;
}

}  // namespace

napi_value define_native_loop(napi_env env) noexcept {
  napi_value constructor = nullptr;
  ignore_status(
      napi_define_class(env, "NativeLoop", NAPI_AUTO_LENGTH, construct, nullptr, 0, nullptr, &constructor));
  return constructor;
}

}  // namespace readyloop::addon
