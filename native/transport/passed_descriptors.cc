// Control messages. See passed_descriptors.h.
#include "transport/passed_descriptors.h"

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace readyloop::transport {

base::Status attach_descriptors(msghdr& header, ControlRoom& room, const int* descriptors, std::size_t count) noexcept {
  if (count > kDescriptorsMax) return base::Status(EINVAL, "sendmsg");
  if (count == 0) return {};
  header.msg_control = room.bytes;
  header.msg_controllen = static_cast<decltype(header.msg_controllen)>(CMSG_SPACE(count * sizeof(int)));
  cmsghdr* part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  // Its type differs between systems.
  part->cmsg_len = static_cast<decltype(part->cmsg_len)>(CMSG_LEN(count * sizeof(int)));
  std::memcpy(CMSG_DATA(part), descriptors, count * sizeof(int));
  return {};
}

std::size_t PassedDescriptors::adopt(msghdr& header) noexcept {
  std::vector<base::Fd> received;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      received.emplace_back(fd);
    }
  }
  if ((header.msg_flags & MSG_CTRUNC) != 0) return 0;
  const std::size_t count = received.size();
  for (base::Fd& fd : received) waiting_.push_back(std::move(fd));
  return count;
}

std::size_t PassedDescriptors::take(int* to, std::size_t count) noexcept {
  std::size_t taken = 0;
  for (; taken < count && !waiting_.empty(); ++taken) {
    to[taken] = waiting_.front().release();
    waiting_.pop_front();
  }
  return taken;
}

}  // namespace readyloop::transport
