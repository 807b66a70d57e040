#include "host/worker/channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace sluice::host {

bool Channel::pair(Channel& one, Channel& other) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
  one = Channel(UniqueFd(ends[0]));
  other = Channel(UniqueFd(ends[1]));
  return true;
}

void Channel::wait_at_most(std::chrono::milliseconds time) {
  const auto ms = std::max<int64_t>(time.count(), 1);
  const timeval limit{static_cast<time_t>(ms / 1000), static_cast<suseconds_t>(ms % 1000 * 1000)};
  (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

bool Channel::send(Message kind, std::string_view body, std::span<const int> descriptors) {
  if (!socket_ || body.size() > max_message_bytes || descriptors.size() > most_descriptors) return false;
  Head head{static_cast<uint32_t>(body.size()), static_cast<uint16_t>(kind),
            static_cast<uint16_t>(descriptors.size())};
  iovec parts[2] = {{&head, sizeof head}, {const_cast<char*>(body.data()), body.size()}};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int) * most_descriptors)] = {};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (!descriptors.empty()) {
    message.msg_control = room;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(control), descriptors.data(), descriptors.size_bytes());
  }
  size_t left = sizeof head + body.size();
  while (left > 0) {
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      pollfd at{socket_.get(), POLLOUT, 0};
      const int ready = ::poll(&at, 1, static_cast<int>(std::chrono::milliseconds(patience).count()));
      if (ready == 0 || (ready < 0 && errno != EINTR)) return false;
      continue;
    }
    if (sent < 0) return false;
    left -= static_cast<size_t>(sent);
    // The descriptors went with the first bytes.
    message.msg_control = nullptr;
    message.msg_controllen = 0;
    auto gone = static_cast<size_t>(sent);
    for (iovec& part : parts) {
      const size_t of_part = std::min(gone, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + of_part;
      part.iov_len -= of_part;
      gone -= of_part;
    }
  }
  return true;
}

// Gets something into the empty buffer.
Channel::Got Channel::fill() {
  begin_ = end_ = 0;
  for (;;) {
    iovec part{buffer_.data(), buffer_.size()};
    alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int) * most_descriptors)];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Got::timeout;
    if (got <= 0) return Got::closed;
    for (cmsghdr* control = CMSG_FIRSTHDR(&message); control; control = CMSG_NXTHDR(&message, control)) {
      if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
      const size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < count; ++i) {
        int descriptor = -1;
        std::memcpy(&descriptor, CMSG_DATA(control) + i * sizeof(int), sizeof descriptor);
        came_.emplace_back(descriptor);
      }
    }
    if (message.msg_flags & MSG_CTRUNC) return Got::closed;
    end_ = static_cast<size_t>(got);
    return Got::message;
  }
}

Channel::Got Channel::take(char* to, size_t bytes) {
  bool begun = false;
  while (bytes > 0) {
    if (begin_ == end_)
      if (const Got got = fill(); got != Got::message) return begun ? Got::closed : got;
    begun = true;
    const size_t part = std::min(bytes, end_ - begin_);
    std::memcpy(to, buffer_.data() + begin_, part);
    begin_ += part;
    to += part;
    bytes -= part;
  }
  return Got::message;
}

Channel::Got Channel::receive(Received& out) {
  out.descriptors.clear();
  if (!socket_) return Got::closed;
  Head head{};
  if (const Got got = take(reinterpret_cast<char*>(&head), sizeof head); got != Got::message) return got;
  if (head.bytes > max_message_bytes) return Got::closed;
  out.kind = static_cast<Message>(head.kind);
  out.body.resize(head.bytes);
  if (take(out.body.data(), head.bytes) != Got::message) return Got::closed;
  if (head.descriptors > came_.size()) return Got::closed;
  for (size_t i = 0; i < head.descriptors; ++i) out.descriptors.push_back(std::move(came_[i]));
  came_.erase(came_.begin(), came_.begin() + head.descriptors);
  return Got::message;
}

}  // namespace sluice::host
