// The run request of the contract.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/run/policy.hpp"

namespace sluice::host {

struct RunRequest {
  std::string run_id;  // never empty
  std::string endpoint_id, unit_id, sink_endpoint_id;
  std::string staging_provider_id = "memory";
  std::optional<boost::json::object> checkpoint;
  Policy policy;
};

// A request, and its unknown keys: the caller makes them warnings, or with `strict` errors. `run_id` and
// `checkpoint` are known even when the rest is wrong, so that the result can carry them.
struct ParsedRequest {
  std::string run_id;
  boost::json::value checkpoint;  // as given
  Result<RunRequest> request;
  std::vector<Error> unknown_keys;
};

ParsedRequest parse_request(std::string_view json);

// A new random run id (a version 4 UUID).
std::string new_run_id();

}  // namespace sluice::host
