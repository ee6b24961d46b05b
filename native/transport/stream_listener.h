// A listening socket. Connections are accepted as they come, at most kAcceptBudget a turn, and wait here until their sink
// takes them; whoever is not taken is closed with the listener, so none can leak.
//
// Where accepting fails for want of descriptors or memory it stops, instead of spinning, and says so; the sink resumes it
// after a while. A reserve descriptor is given up for a moment then, to turn one waiting client away at once: the others
// wait in the kernel's backlog.
#pragma once

#include <deque>
#include <utility>

#include "base/status.h"
#include "transport/address.h"
#include "transport/socket_file.h"
#include "transport/transport.h"

namespace readyloop::transport {

inline constexpr int kAcceptBudget = 64;

struct ListenOptions {
  int backlog = 511;
  bool reuse_port = false;
  bool ipv6_only = false;
  // -1: as the umask says.
  int mode = -1;
  int type = SOCK_STREAM;
};

struct Accepted {
  base::Fd fd;
  Address peer;
};

class StreamListener final : public Transport {
 public:
  static base::Status listen(TransportLedger& ledger, SinkName name, const Address& address,
                             const ListenOptions& options) noexcept;

  // Of a descriptor that is listening already.
  static base::Status adopt(TransportLedger& ledger, SinkName name, base::Fd fd) noexcept;

  void on_ready(selector::Readiness readiness) noexcept override;

  // The connection that has waited longest; EAGAIN: none.
  [[nodiscard]] base::Result<Accepted> take() noexcept;

  void pause() noexcept { static_cast<void>(set_interest(false, false)); }
  base::Status resume() noexcept { return set_interest(true, false); }

 private:
  StreamListener(TransportLedger& ledger, base::Fd fd, SinkName name, SocketFile file) noexcept;

  static base::Status enter_listener(TransportLedger& ledger, base::Fd fd, SinkName name, SocketFile file) noexcept;
  void accept_failed(int error) noexcept;

  SocketFile file_;
  base::Fd reserve_;
  std::deque<Accepted> waiting_;
};

}  // namespace readyloop::transport
