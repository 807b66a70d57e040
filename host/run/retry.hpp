// Backoff between attempts.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "host/run/policy.hpp"

namespace sluice::host {

// The pause after the given failed attempt (1, 2, ...): doubled each time up to the policy's most, then
// shortened by up to a quarter at random, so that workers that failed together do not come back together.
inline std::chrono::nanoseconds backoff(const RetryPolicy& policy, uint32_t attempt) {
  auto pause = policy.initial_backoff;
  for (uint32_t i = 1; i < attempt && pause < policy.max_backoff; ++i) pause *= 2;
  pause = std::min(pause, policy.max_backoff);
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto quarter = pause.count() / 4;
  return pause - std::chrono::nanoseconds(
                     quarter > 0 ? std::uniform_int_distribution<int64_t>(0, quarter)(random) : 0);
}

}  // namespace sluice::host
