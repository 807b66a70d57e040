// What the worker may do, put upon itself before any code of the plugin is in it.
#pragma once

#include <cstdint>

namespace sluice::worker {

// UINT64_MAX: no bound.
struct Limits {
  uint64_t memory_bytes = UINT64_MAX, cpu_seconds = UINT64_MAX, open_files = UINT64_MAX;
  bool no_processes = false, no_network = false;
};

// Null, or what could not be put in force. A limit that cannot be enforced must not be taken for one that is.
const char* put_in_force(const Limits& limits);

}  // namespace sluice::worker
