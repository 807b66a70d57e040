// The host's services as an instance in the worker gets them: what the host must know goes over the control
// channel, the rest is answered here. The table's functions are [any thread].
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "host/worker/program/control.hpp"
#include "sluice/abi/host.h"

namespace sluice::worker {

class Services {
 public:
  Services(Control& control, uint32_t instance);
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  const sluice_host* table() const { return &table_; }
  void cancel();

 private:
  static void log(void* self, int32_t level, sluice_str message, sluice_str fields);
  static int32_t cancelled(void* self);
  static int32_t wait(void* self, uint64_t milliseconds);
  static int64_t now(void* self);
  static void metric(void* self, sluice_str name, double value);
  static sluice_status secret(void* self, sluice_str reference, sluice_emit out, sluice_error* error);

  Control& control_;
  const uint32_t instance_;
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  sluice_host table_;
};

}  // namespace sluice::worker
