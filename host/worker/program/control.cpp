#include "host/worker/program/control.hpp"

namespace sluice::worker {

Control::SecretReply Control::ask_secret(uint32_t instance, std::string_view reference) {
  std::unique_lock lock(replies_mutex_);
  const uint32_t request = next_request_++;
  if (!send(host::Message::secret, host::MessageWriter().u32(instance).u32(request).text(reference)))
    return {};
  came_.wait(lock, [&] { return replies_.contains(request); });
  SecretReply reply = std::move(replies_[request]);
  replies_.erase(request);
  return reply;
}

void Control::take_secret_reply(host::MessageReader& body) {
  const uint32_t request = body.u32();
  SecretReply reply;
  reply.status = static_cast<sluice_status>(body.u32());
  reply.value = body.text();
  reply.code = body.text();
  reply.message = body.text();
  reply.where = body.text();
  reply.hint = body.text();
  {
    const std::lock_guard lock(replies_mutex_);
    replies_.insert_or_assign(request, std::move(reply));
  }
  came_.notify_all();
}

}  // namespace sluice::worker
