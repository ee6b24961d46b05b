// The module's exports: the shared constants (which a contract test compares with lib/engine/abi.ts), the names of the
// selectors in this build and of the drivers in this process, what the kernel offers, the NativeLoop class, and what
// Node's own loop has under way. It runs once for each environment, the main thread's and each worker's, and keeps
// nothing between them.
#include <node_api.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "addon/args.h"
#include "addon/hosted_driver.h"
#include "addon/kernel_report.h"
#include "addon/loop_methods.h"
#include "addon/uv_driver.h"
#include "loop/ready_ring.h"
#include "loop/record.h"
#include "selector/interest.h"
#include "selector/selector.h"
#include "transport/outbox.h"
#include "transport/datagram_frame.h"
#include "transport/transport_event.h"

namespace readyloop::addon {
namespace {

struct Constant {
  const char* name;
  std::int32_t value;
};

constexpr Constant kAbi[] = {
    {"headerWords", loop::kHeaderWords},
    {"recordWords", loop::kRecordWords},
    {"headIndex", loop::kHeadIndex},
    {"tailIndex", loop::kTailIndex},
    {"capacityIndex", loop::kCapacityIndex},
    {"jsOverflowIndex", loop::kJsOverflowIndex},
    {"nativeOverflowIndex", loop::kNativeOverflowIndex},
    {"timersIndex", loop::kTimersIndex},
    {"watchesIndex", loop::kWatchesIndex},
    {"turnsIndex", loop::kTurnsIndex},
    {"transportsIndex", loop::kTransportsIndex},
    {"deadlineFloatIndex", loop::kDeadlineFloatIndex},
    {"selectedAtFloatIndex", loop::kSelectedAtFloatIndex},
    {"kindBits", loop::kKindBits},
    {"kindStep", static_cast<std::int32_t>(loop::Kind::kStep)},
    {"kindHandle", static_cast<std::int32_t>(loop::Kind::kHandle)},
    {"kindReaction", static_cast<std::int32_t>(loop::Kind::kReaction)},
    {"kindTimer", static_cast<std::int32_t>(loop::Kind::kTimer)},
    {"kindReady", static_cast<std::int32_t>(loop::Kind::kReady)},
    {"kindTransport", static_cast<std::int32_t>(loop::Kind::kTransport)},
    {"readable", loop::kReadyReadable},
    {"writable", loop::kReadyWritable},
    {"hangup", loop::kReadyHangup},
    {"error", loop::kReadyError},
    {"eventEnd", static_cast<std::int32_t>(transport::TransportEvent::kEnd)},
    {"eventFailed", static_cast<std::int32_t>(transport::TransportEvent::kFailed)},
    {"eventSendFailed", static_cast<std::int32_t>(transport::TransportEvent::kSendFailed)},
    {"eventBacklog", static_cast<std::int32_t>(transport::TransportEvent::kBacklog)},
    {"eventDrained", static_cast<std::int32_t>(transport::TransportEvent::kDrained)},
    {"eventConnected", static_cast<std::int32_t>(transport::TransportEvent::kConnected)},
    {"eventReadable", static_cast<std::int32_t>(transport::TransportEvent::kReadable)},
    {"eventAccepted", static_cast<std::int32_t>(transport::TransportEvent::kAccepted)},
    {"eventAcceptFailed", static_cast<std::int32_t>(transport::TransportEvent::kAcceptFailed)},
    {"eventClosed", static_cast<std::int32_t>(transport::TransportEvent::kClosed)},
    {"eventDatagramError", static_cast<std::int32_t>(transport::TransportEvent::kDatagramError)},
    {"eventStarved", static_cast<std::int32_t>(transport::TransportEvent::kStarved)},
    {"frameTruncated", transport::kFrameTruncated},
    {"frameDescriptorsLost", transport::kFrameDescriptorsLost},
    {"frameFailed", transport::kFrameFailed},
    {"frameWords", transport::kFrameWords},
    {"outboxRecordsIndex", transport::kOutboxRecordsIndex},
    {"outboxBytesIndex", transport::kOutboxBytesIndex},
    {"outboxFlushesIndex", transport::kOutboxFlushesIndex},
    {"outboxHeaderWords", transport::kOutboxHeaderWords},
    {"outboxCapacity", transport::kOutboxRecords},
    {"outboxRecordWords", transport::kOutboxRecordWords},
    {"drainDone", loop::kDrainDone},
    {"drainReenter", loop::kDrainReenter},
};

bool define_abi(napi_env env, napi_value exports) noexcept {
  napi_value abi = nullptr;
  if (napi_create_object(env, &abi) != napi_ok) return false;
  for (const Constant& constant : kAbi) {
    if (napi_set_named_property(env, abi, constant.name, make_int32(env, constant.value)) != napi_ok) return false;
  }
  return napi_object_freeze(env, abi) == napi_ok && napi_set_named_property(env, exports, "abi", abi) == napi_ok;
}

// The first name is the default.
bool define_names(napi_env env, napi_value exports, const char* property,
                  const std::vector<std::string_view>& list) noexcept {
  napi_value names = nullptr;
  std::uint32_t index = 0;
  if (napi_create_array(env, &names) != napi_ok) return false;
  for (const std::string_view name : list) {
    napi_value text = nullptr;
    if (napi_create_string_utf8(env, name.data(), name.size(), &text) != napi_ok ||
        napi_set_element(env, names, index++, text) != napi_ok) {
      return false;
    }
  }
  return napi_object_freeze(env, names) == napi_ok &&
         napi_set_named_property(env, exports, property, names) == napi_ok;
}

std::vector<std::string_view> drivers(napi_env env) noexcept {
  if (has_uv(env)) return {kUvDriverName, kPollerDriverName};
  return {kPollerDriverName};
}

// hostRequests(): number. What a clock that is not the real one must not overtake; see host_requests().
napi_value count_host_requests(napi_env env, napi_callback_info) noexcept { return make_int32(env, host_requests(env)); }

bool define_host_requests(napi_env env, napi_value exports) noexcept {
  napi_value function = nullptr;
  return napi_create_function(env, "hostRequests", NAPI_AUTO_LENGTH, count_host_requests, nullptr, &function) == napi_ok &&
         napi_set_named_property(env, exports, "hostRequests", function) == napi_ok;
}

napi_value init(napi_env env, napi_value exports) noexcept {
  napi_value native_loop = define_native_loop(env);
  napi_value features = define_kernel_features(env);
  const bool defined = native_loop != nullptr && features != nullptr && define_abi(env, exports) &&
                       define_names(env, exports, "selectors", selector::Selector::names()) &&
                       define_names(env, exports, "drivers", drivers(env)) &&
                       define_host_requests(env, exports) &&
                       napi_set_named_property(env, exports, "kernelFeatures", features) == napi_ok &&
                       napi_set_named_property(env, exports, "NativeLoop", native_loop) == napi_ok;
  return defined ? exports : nullptr;
}

}  // namespace
}  // namespace readyloop::addon

NAPI_MODULE_INIT() { return readyloop::addon::init(env, exports); }
