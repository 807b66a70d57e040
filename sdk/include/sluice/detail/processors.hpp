// How many processors there are to run on. [any thread]
#pragma once

#include <sched.h>

#include <algorithm>
#include <thread>

namespace sluice::detail {

// Those that the calling thread may use: fewer than the machine has, where a container or taskset(1) says so.
inline unsigned processors() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (sched_getaffinity(0, sizeof usable, &usable) == 0) return static_cast<unsigned>(CPU_COUNT(&usable));
  return std::max(std::thread::hardware_concurrency(), 1u);  // more than fit into the set
}

}  // namespace sluice::detail
