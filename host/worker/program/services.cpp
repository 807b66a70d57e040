#include "host/worker/program/services.hpp"

#include <algorithm>
#include <chrono>

#include "sluice/error.hpp"

namespace sluice::worker {

namespace {

constexpr size_t longest_text = 8192;

Services& get(void* self) {
  return *static_cast<Services*>(self);
}

}  // namespace

Services::Services(Control& control, uint32_t instance)
    : control_(control),
      instance_(instance),
      table_{sizeof(sluice_host), SLUICE_ABI_VERSION,   this,
             &Services::log,      &Services::cancelled, &Services::wait,
             &Services::now,      &Services::metric,    &Services::secret} {}

void Services::cancel() {
  {
    const std::lock_guard lock(mutex_);
    cancelled_.store(true);
  }
  changed_.notify_all();
}

void Services::log(void* self, int32_t level, sluice_str message, sluice_str fields) {
  host::MessageWriter line;
  line.u32(get(self).instance_).u32(static_cast<uint32_t>(level));
  line.text(view(message).substr(0, longest_text)).text(view(fields).substr(0, longest_text));
  (void)get(self).control_.send(host::Message::log, line);
}

int32_t Services::cancelled(void* self) {
  return get(self).cancelled_.load(std::memory_order_relaxed) ? 1 : 0;
}

int32_t Services::wait(void* self, uint64_t milliseconds) {
  constexpr uint64_t a_day = 24ull * 3600 * 1000;
  const std::chrono::milliseconds time(std::min(milliseconds, a_day));
  std::unique_lock lock(get(self).mutex_);
  return get(self).changed_.wait_for(lock, time, [&] { return get(self).cancelled_.load(); }) ? 1 : 0;
}

int64_t Services::now(void*) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void Services::metric(void* self, sluice_str name, double value) {
  host::MessageWriter metric;
  metric.u32(get(self).instance_).text(view(name).substr(0, 128)).f64(value);
  (void)get(self).control_.send(host::Message::metric, metric);
}

sluice_status Services::secret(void* self, sluice_str reference, sluice_emit out, sluice_error* error) {
  const Control::SecretReply reply = get(self).control_.ask_secret(get(self).instance_, view(reference));
  if (reply.status == SLUICE_OK) {
    out.emit(out.self, abi(reply.value));
    return SLUICE_OK;
  }
  (void)to_abi(Error(ErrorClass::config, reply.code, reply.message, reply.where, reply.hint), error);
  return reply.status;
}

}  // namespace sluice::worker
