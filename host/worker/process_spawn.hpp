// Starts the helper executable as a child with nothing of the host but what it needs.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "host/worker/channel.hpp"
#include "host/worker/unique_fd.hpp"
#include "sluice/error.hpp"

namespace sluice::host {

struct SpawnedProcess {
  pid_t pid = -1;
  UniqueFd pidfd, output;  // output: reading end of its standard output and error, not blocking
  Channel control;
};

// posix_spawn, never a bare fork: the host has threads. The child leads a process group of its own, blocks no
// signal, and ignores none. It dies with the calling thread, so call this on one that lives as long as it.
// E_WORKER_START on failure.
Status spawn_worker(const std::filesystem::path& program, SpawnedProcess& out);

// The helper executable: `explicit_path` when not empty, else sluice-worker in lib/sluice beside the library
// that this code is in. Empty when there is none.
std::filesystem::path find_worker_program(const std::filesystem::path& explicit_path);

}  // namespace sluice::host
