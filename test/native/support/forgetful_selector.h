// The system's own selector, whose next registrations and changes can be refused for want of memory.
#pragma once

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "selector/selector.h"
#include "support/loop_fixture.h"

namespace readyloop::test {

class ForgetfulSelector final : public selector::Selector {
 public:
  // How many of them are refused.
  static inline int refusals = 0;
  // How much the last select reported. What is reported each turn to nobody is a spin.
  static inline std::size_t reported = 0;

  [[nodiscard]] std::string_view name() const noexcept override { return real_->name(); }
  [[nodiscard]] int descriptor() const noexcept override { return real_->descriptor(); }
  base::Status register_fd(int fd, base::Token token, selector::Interest interest) noexcept override {
    return is_refused() ? base::Status(ENOMEM, "epoll_ctl") : real_->register_fd(fd, token, interest);
  }
  base::Status modify_fd(int fd, base::Token token, selector::Interest interest) noexcept override {
    return is_refused() ? base::Status(ENOMEM, "epoll_ctl") : real_->modify_fd(fd, token, interest);
  }
  base::Status deregister_fd(int fd) noexcept override { return real_->deregister_fd(fd); }
  base::Status select(base::Duration wait, std::vector<selector::Event>& ready) noexcept override {
    base::Status selected = real_->select(wait, ready);
    reported = ready.size();
    return selected;
  }

 private:
  static bool is_refused() noexcept { return refusals > 0 && refusals-- > 0; }

  std::unique_ptr<selector::Selector> real_ = make_selector();
};

}  // namespace readyloop::test
