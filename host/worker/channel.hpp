// One end of a socket pair between host and worker: whole messages, and descriptors with them.
#pragma once

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "host/worker/message.hpp"
#include "host/worker/unique_fd.hpp"

namespace sluice::host {

struct Received {
  Message kind = Message::none;
  std::string body;
  std::vector<UniqueFd> descriptors;

  MessageReader reader() const { return MessageReader(body); }
};

// [one thread sends and one receives at a time]
class Channel {
 public:
  enum class Got { message, closed, timeout };

  Channel() = default;
  explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}

  // Both ends closed on exec. False: errno tells why.
  static bool pair(Channel& one, Channel& other);

  // False when the other side is gone, or takes nothing for `patience`.
  bool send(Message kind, std::string_view body, std::span<const int> descriptors = {});
  bool send(Message kind, const MessageWriter& body, std::span<const int> descriptors = {}) {
    return send(kind, body.bytes(), descriptors);
  }
  // Waits as long as wait_at_most() says, else for ever. What breaks the format counts as closed.
  Got receive(Received& out);
  void wait_at_most(std::chrono::milliseconds time);

  int socket() const { return socket_.get(); }
  // Something has been taken in already: polling the socket would not tell.
  bool buffered() const { return end_ > begin_; }
  UniqueFd release() { return std::move(socket_); }
  void close() { socket_.reset(); }

  static constexpr std::chrono::seconds patience{30};
  static constexpr size_t most_descriptors = 4;

 private:
  struct Head {
    uint32_t bytes;
    uint16_t kind;
    uint16_t descriptors;
  };
  Got fill();
  Got take(char* to, size_t bytes);

  UniqueFd socket_;
  std::array<char, 2048> buffer_{};
  size_t begin_ = 0, end_ = 0;
  std::vector<UniqueFd> came_;  // descriptors, in the order of their messages
};

}  // namespace sluice::host
