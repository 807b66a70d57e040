// Looking at a child process: what happens to it, and what it uses.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

namespace sluice::host {

struct ProcessEvents {
  bool control = false, output = false, ended = false;
};

// Waits up to `ms` (-1: for ever) for any of the descriptors, -1 for those that are not there. `wake` is an
// eventfd, and emptied.
ProcessEvents wait_for_events(int control, int output, int pidfd, int wake, int ms);
bool process_has_ended(int pidfd);
bool process_ends_within(int pidfd, std::chrono::milliseconds time);

// Bytes of memory that are the process's own: what is shared (libraries, staging) does not count. 0 when it
// cannot be read.
uint64_t private_memory_of(pid_t pid);
// Processes that descend from it, itself not counted, up to `most`.
uint64_t processes_below(pid_t pid, uint64_t most);

}  // namespace sluice::host
