// See kernel_report.h.
#include "addon/kernel_report.h"

#include "addon/args.h"
#include "base/kernel_features.h"

namespace readyloop::addon {
namespace {

napi_value report(napi_env env, napi_callback_info /*info*/) noexcept {
  napi_value features = nullptr;
  if (napi_create_object(env, &features) != napi_ok) return nullptr;
  const base::KernelFeatureList list = base::kernel_features();
  for (std::size_t i = 0; i < list.count; ++i) {
    const base::KernelFeature& feature = list.first[i];
    ignore_status(napi_set_named_property(env, features, feature.name, make_boolean(env, feature.probe())));
  }
  return features;
}

}  // namespace

napi_value define_kernel_features(napi_env env) noexcept {
  napi_value function = nullptr;
  constexpr char kName[] = "kernelFeatures";
  const bool made = napi_create_function(env, kName, sizeof kName - 1, report, nullptr, &function) == napi_ok;
  return made ? function : nullptr;
}

}  // namespace readyloop::addon
