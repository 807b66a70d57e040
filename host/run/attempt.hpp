// One attempt of a run: opens the sinks, the staging session and the sources, and joins them until all have
// ended.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "host/run/run_context.hpp"
#include "host/run/sink_feed.hpp"

namespace sluice::host {

// Who failed decides what the run makes of it.
enum class FailedIn { nothing, preparation, source, sink, staging, host };

struct AttemptOutcome {
  Status status;
  FailedIn failed_in = FailedIn::nothing;
  bool retry_is_due = false;  // transient, and not yet tried in place as often as the policy allows
  bool limit_reached = false;
  Counts uncommitted;  // what was read and written beyond the ledger as the attempt found it
  std::chrono::nanoseconds source_busy{0}, source_blocked{0}, sink_busy{0}, sink_starved{0};
  uint64_t retries = 0, peak_staging = 0;
  FeedDamage damage;
  bool start_over = false;  // nothing was done: the stage is not enough to go on from, and is gone
  bool reused = false;      // the attempt went on with a stage that was there
  // Still open; whoever takes the outcome decides what becomes of it. Null when there is none.
  std::unique_ptr<StagingSession> session;
  std::map<std::string, double> source_metrics, sink_metrics;
};

// What the caller's thread does while the attempt works: called at least at `pace` and whenever something
// changed.
struct Watch {
  std::chrono::nanoseconds pace;
  std::function<void(const StagingStats&)> look;
};

// [the thread that called run()] Starts a thread per slice and one or more for sinks, and ends them all.
AttemptOutcome run_attempt(RunContext& context, const Watch& watch);

}  // namespace sluice::host
