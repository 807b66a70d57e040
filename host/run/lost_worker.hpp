// Calls of a run that stand alone (describing a unit, planning, merging), made again when the worker process
// that they were made in is gone: another one answers.
#pragma once

#include "host/run/cancel_state.hpp"
#include "host/run/retry.hpp"
#include "host/worker/worker_death.hpp"

namespace sluice::host {

// `call` gives a Status and begins from nothing each time. As often as the policy says; `retries` counts.
template <class Call>
Status again_when_lost(const RetryPolicy& policy, RunSignal& signal, uint64_t& retries, Call&& call) {
  for (uint32_t attempt = 1;; ++attempt) {
    Status status = call();
    if (status.ok() || attempt >= policy.max_attempts) return status;
    if (!is_worker_loss(status.error()) && status.error().code() != "E_WORKER_START") return status;
    ++retries;
    if (signal.wait(backoff(policy, attempt), StopLevel::drain)) return status;
  }
}

}  // namespace sluice::host
