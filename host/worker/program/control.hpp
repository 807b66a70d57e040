// The worker's side of the control channel: many threads speak, one listens.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "host/worker/channel.hpp"
#include "sluice/abi/error.h"

namespace sluice::worker {

class Control {
 public:
  explicit Control(host::UniqueFd socket) : channel_(std::move(socket)) {}

  // [any thread]
  bool send(host::Message kind, const host::MessageWriter& body) {
    const std::lock_guard lock(send_mutex_);
    return channel_.send(kind, body);
  }
  // [the listening thread]
  host::Channel::Got receive(host::Received& out) { return channel_.receive(out); }

  struct SecretReply {
    sluice_status status = SLUICE_SYSTEM;
    std::string value, code, message, where, hint;
  };
  // Asks the host and waits for its answer. [any thread but the listening one]
  SecretReply ask_secret(uint32_t instance, std::string_view reference);
  // [the listening thread]
  void take_secret_reply(host::MessageReader& body);

 private:
  host::Channel channel_;
  std::mutex send_mutex_;
  std::mutex replies_mutex_;
  std::condition_variable came_;
  uint32_t next_request_ = 0;
  std::map<uint32_t, SecretReply> replies_;
};

}  // namespace sluice::worker
