// Blocking for one thread that waits until others have changed something: nothing but an atomic load on the
// side that does the change while nobody waits.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "sluice/detail/patience.hpp"

namespace sluice::staging {

// At most one thread waits at a time. What `ready` looks at must be atomic, changed and read in sequentially
// consistent order: either the changing thread sees the waiting one, or the waiting one sees the change.
class Waiter {
 public:
  using Clock = std::chrono::steady_clock;

  // Returns what `ready` last said: false only when `deadline` passed.
  template <class Ready>
  bool wait(Ready&& ready, std::optional<Clock::time_point> deadline = std::nullopt) {
    if (patience_.outlasts(ready)) return true;
    std::unique_lock lock(mutex_);
    waiting_.store(true);
    bool done = true;
    if (deadline)
      done = changed_.wait_until(lock, *deadline, ready);
    else
      changed_.wait(lock, ready);
    waiting_.store(false);
    patience_.slept();
    return done;
  }

  // [any thread] After the change.
  void wake() {
    if (!waiting_.load()) return;
    // The lock only keeps the change from falling between its look and its sleep: it wakes up to a free one.
    { std::lock_guard lock(mutex_); }
    changed_.notify_one();
  }

 private:
  detail::Patience patience_;  // of the thread that waits
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> waiting_{false};
};

}  // namespace sluice::staging
