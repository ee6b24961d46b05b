// macOS 11 has everything that is used of it.
#include "base/kernel_features.h"

namespace readyloop::base {

KernelFeatureList kernel_features() noexcept { return {nullptr, 0}; }

}  // namespace readyloop::base
