// The run request of the contract.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/run/policy.hpp"

namespace sluice::host {

// What a run does of source -> staging -> sink.
enum class RunPhase {
  whole,
  export_only,  // source -> staging
  import_only,  // staging -> sink; never touches the source
  resume,       // what a run that was cut off has left to do
};

struct RunRequest {
  std::string run_id;  // never empty
  std::string endpoint_id, unit_id, sink_endpoint_id;
  std::string staging_provider_id = "memory";
  std::string stage_id;  // from stageRef; empty: none
  uint64_t epoch = 0;    // the caller's number of this attempt at the unit; 0: it has none
  std::optional<boost::json::object> checkpoint;
  Policy policy;
};

// A request, and its unknown keys: the caller makes them warnings, or with `strict` errors. `run_id` and
// `checkpoint` are known even when the rest is wrong, so that the result can carry them.
struct ParsedRequest {
  RunPhase phase = RunPhase::whole;
  boost::json::object json;  // as given; empty when it is no object
  std::string run_id;
  boost::json::value checkpoint;  // as given
  Result<RunRequest> request;
  std::vector<Error> unknown_keys;
};

ParsedRequest parse_request(std::string_view json, RunPhase phase = RunPhase::whole);

// What names a staging session in requests and results: `<providerId>:<stageId>`.
struct StageRef {
  std::string provider_id, stage_id;
  std::string text() const { return provider_id + ":" + stage_id; }
};
// E_STAGE_ID when it is not of that form.
Result<StageRef> parse_stage_ref(std::string_view text);

// A new random run id (a version 4 UUID).
std::string new_run_id();

}  // namespace sluice::host
