// What stands behind a Cancellation, and the signal of one run that follows it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include "sluice/host/host.hpp"

namespace sluice::host {

enum class StopLevel : int { none, drain, now };

// Shared by all copies of a Cancellation. Levels only rise.
struct Cancellation::State {
  void raise(StopLevel level);
  // Calls back at once when a level is already set, else when it rises, on the raising thread, under the
  // lock: be quick.
  uint64_t subscribe(std::function<void(StopLevel)> listener);
  void unsubscribe(uint64_t id);

 private:
  std::mutex mutex_;
  StopLevel level_ = StopLevel::none;
  uint64_t next_id_ = 0;
  std::map<uint64_t, std::function<void(StopLevel)>> listeners_;
};

// The stop signal inside one run. [any thread]
class RunSignal {
 public:
  void raise(StopLevel level);
  StopLevel level() const { return level_.load(std::memory_order_acquire); }
  bool draining() const { return level() >= StopLevel::drain; }
  bool stopping() const { return level() >= StopLevel::now; }
  // Waits; true when the level is reached before the time is over.
  bool wait(std::chrono::nanoseconds time, StopLevel until);
  // Wakes wait_for; what its condition looks at has changed.
  void notify();
  // Waits until the condition holds (true) or the time is over. The condition is asked under the signal's
  // lock.
  template <class Condition>
  bool wait_for(std::chrono::nanoseconds time, Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, condition);
  }

 private:
  std::atomic<StopLevel> level_{StopLevel::none};
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace sluice::host
