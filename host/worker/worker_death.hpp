// Why a worker process is no more, in words and as an error.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <string>

#include "host/worker/worker_budget.hpp"
#include "sluice/error.hpp"

namespace sluice::host {

enum class WorkerEnd : uint8_t {
  by_itself,  // crash or exit: the exit status tells which
  hung,       // a call took too long
  deaf,       // it did not stop when it was asked to
  memory,
  time,
  processes,
  broken,  // it closed its channel, or said what makes no sense
  done,    // the host needs it no longer
};

struct WorkerDeath {
  WorkerEnd end = WorkerEnd::by_itself;
  bool status_known = false;
  int status = 0;  // as wait(2) gives it
  rusage usage{};
  uint64_t memory_seen = 0;  // bytes, at the last look
  std::string output;        // the last lines of its standard output and error
};

// Class transient: by policy the run goes on from its last commit with another worker. Codes
// E_PLUGIN_CRASHED, _EXITED, _HUNG, _MEMORY, _CPU, _TIME, _PROCESSES. `during` is the call under way, "read";
// may be empty.
Error describe(const WorkerDeath& death, const WorkerBudget& budget, const std::string& during,
               const std::string& file);

// E_WORKER_START: it ended before it touched the plugin, and that is not to blame.
Error describe_failed_start(const WorkerDeath& death, const std::string& program, const std::string& file);

// Whether an error says that the worker process is gone: calling it again is of no use.
bool is_worker_loss(const Error& error);

}  // namespace sluice::host
