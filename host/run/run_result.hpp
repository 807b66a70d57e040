// The result of a run, as the contract shows it.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "host/result.hpp"
#include "host/run/counts.hpp"

namespace sluice::host {

enum class RunStatus { succeeded, failed, cancelled };

struct RunResult {
  std::string run_id;
  RunStatus status = RunStatus::failed;
  boost::json::value new_checkpoint;  // null: none
  Counts counts;
  uint64_t commits = 0, retries = 0, peak_staging = 0;
  std::chrono::system_clock::time_point started, completed;
  std::chrono::nanoseconds duration{0}, source_busy{0}, source_blocked{0}, sink_busy{0}, sink_starved{0};

  boost::json::value checkpoint_before;
  std::string delivery = "at-least-once", durability = "os", staging_provider, staging_durability = "memory";
  boost::json::array plugins;  // what served: templateId, role, plugin, version, path, metrics

  std::string stage_ref;  // of the staging session that is kept; empty: none

  std::vector<Error> errors, warnings;
  int exit_code = 1;
};

// `sink-bound, 83 %`: the source waited for room 83 % of its time. `source-bound` likewise; `balanced` when
// neither side waited a tenth of its time; `no data`.
std::string verdict(const RunResult& result);

boost::json::object to_json(const Error& error);
boost::json::object to_json(const RunResult& result);

std::string format_time(std::chrono::system_clock::time_point time);  // RFC 3339, UTC, milliseconds

}  // namespace sluice::host
