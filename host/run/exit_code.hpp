// Errors as the exit codes of the contract.
#pragma once

#include "sluice/error.hpp"

namespace sluice::host {

enum ExitCode : int {
  exit_done = 0,
  exit_internal = 1,
  exit_rejected_request = 2,
  exit_environment = 3,
  exit_plugin_failed = 4,
  exit_records_rejected = 5,
  exit_cancelled = 6,
  exit_staging_damaged = 7,
};

// `moving`: the failure came after data began to move, so that an unknown system error is the plugin's, not
// the environment's.
int exit_code_of(const Error& error, bool moving);

}  // namespace sluice::host
