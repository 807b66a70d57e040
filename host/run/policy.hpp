// What the caller asks of a run; contract and defaults in docs/data-plane.md.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/result.hpp"
#include "host/worker/worker_budget.hpp"
#include "sluice/staging.hpp"

namespace sluice::host {

struct BatchPolicy {
  uint32_t max_records = 10'000;
  uint64_t max_bytes = uint64_t{1} << 20;
  std::chrono::nanoseconds max_delay = std::chrono::milliseconds(200);
};

struct StagingPolicy {
  uint64_t max_bytes = uint64_t{64} << 20;
  bool fail_when_full = false;
  std::optional<Durability> durability;  // absent: "os", which a provider that cannot is not asked to keep
  std::string keep = "on-failure";
};

struct CommitPolicy {
  uint64_t every_bytes = uint64_t{64} << 20;
  std::chrono::nanoseconds every = std::chrono::seconds(5);
};

struct RetryPolicy {
  uint32_t max_attempts = 5;  // of one step, the first included
  std::chrono::nanoseconds initial_backoff = std::chrono::milliseconds(200);
  std::chrono::nanoseconds max_backoff = std::chrono::seconds(30);
};

struct ErrorPolicy {
  uint64_t max_rejected = 0;
  std::string dead_letter_path;  // empty: none
};

struct LimitPolicy {
  uint64_t max_records = UINT64_MAX;
  uint64_t max_bytes = UINT64_MAX;
  std::optional<std::chrono::nanoseconds> timeout;
};

// Which endpoints run in a process of their own, and what those may use.
struct IsolationPolicy {
  bool source = false, sink = false;
  WorkerBudget budget;  // of each process
};

// An endpoint that the orchestrator describes in the request itself; or, without a template, what it lays
// over the configuration of the endpoint that the request names.
struct InlineEndpoint {
  std::string template_id;
  boost::json::object parameters;
};

struct Policy {
  std::optional<bool> incremental;  // absent: as the source can
  bool exactly_once = false;
  BatchPolicy batch;
  StagingPolicy staging;
  CommitPolicy commit;
  RetryPolicy retry;
  ErrorPolicy errors;
  LimitPolicy limits;
  uint32_t slices = 1;
  IsolationPolicy isolation;
  std::optional<InlineEndpoint> source, sink;
};

// Unknown keys go to `unknown_keys`; anything else that is wrong is E_REQUEST_INVALID, naming the key.
Result<Policy> parse_policy(const boost::json::object& from, std::vector<Error>& unknown_keys);

}  // namespace sluice::host
