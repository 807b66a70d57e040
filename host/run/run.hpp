// The run engine: one bounded run from request to result.
#pragma once

#include "host/run/request.hpp"
#include "host/run/run_context.hpp"
#include "host/run/run_result.hpp"
#include "sluice/host/host.hpp"

namespace sluice::host {

// Resolves and refuses before any data moves, then makes attempts until one succeeds, fails for good, or the
// policy's attempts are used up. The result is complete whatever happens. [any thread; blocks it]
RunResult run_request(const RunEnvironment& environment, ParsedRequest parsed, const RunOptions& options);

}  // namespace sluice::host
