// What a worker process may use, and how long the host waits for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice::host {

// Absent: no bound.
struct WorkerBudget {
  std::optional<uint64_t> memory_bytes;  // private to the process; staging that it maps does not count
  std::optional<uint64_t> cpu_seconds;
  std::optional<uint64_t> open_files;
  std::optional<uint64_t> processes;  // that the plugin starts; 0 is enforced by the kernel, more by looking
  std::optional<std::chrono::milliseconds> time;  // since the worker began
  bool network = true;                            // false: no sockets but local ones
  // A call that neither returns nor asks the host for anything for so long has hung.
  std::chrono::milliseconds call_timeout = std::chrono::minutes(5);
  // Asked to stop, a call has to return in so long.
  std::chrono::milliseconds stop_timeout = std::chrono::seconds(10);
};

}  // namespace sluice::host
