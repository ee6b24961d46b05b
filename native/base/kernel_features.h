// What this kernel offers beyond the least that the package needs, for `readyloop doctor`. Each is found out by asking for
// it, not by the kernel's version: a seccomp filter or an emulated kernel may refuse what the version promises.
// The core does not ask here; where it wants such a thing it tries it, with a fallback.
#pragma once

#include <cstddef>

namespace readyloop::base {

struct KernelFeature {
  const char* name;
  bool (*probe)() noexcept;
};

struct KernelFeatureList {
  const KernelFeature* first;
  std::size_t count;
};

// The features that are worth a question on this system; none where everything needed is always there.
[[nodiscard]] KernelFeatureList kernel_features() noexcept;

}  // namespace readyloop::base
