// The host's services as one endpoint instance gets them: a sluice_host table that knows the run and the
// endpoint.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "host/run/cancel_state.hpp"
#include "host/run/run_log.hpp"
#include "sluice/abi/host.h"

namespace sluice::host {

// Must outlive the instance that got its table. The table's functions are [any thread].
class EndpointServices {
 public:
  // `stop_at`: the level at which the endpoint is told to stop: sources at drain, sinks only at now.
  EndpointServices(RunLog log, RunSignal& signal, StopLevel stop_at, std::filesystem::path base_dir);
  EndpointServices(const EndpointServices&) = delete;
  EndpointServices& operator=(const EndpointServices&) = delete;

  const sluice_host* table() const { return &table_; }
  std::map<std::string, double> metrics() const;

 private:
  static void log(void* self, int32_t level, sluice_str message, sluice_str fields);
  static int32_t cancelled(void* self);
  static int32_t wait(void* self, uint64_t milliseconds);
  static int64_t now(void* self);
  static void metric(void* self, sluice_str name, double value);
  static sluice_status secret(void* self, sluice_str reference, sluice_emit out, sluice_error* error);

  RunLog log_;
  RunSignal& signal_;
  StopLevel stop_at_;
  std::filesystem::path base_dir_;
  mutable std::mutex mutex_;
  std::map<std::string, double> metrics_;
  sluice_host table_;
};

}  // namespace sluice::host
