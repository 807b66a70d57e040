// Blocking for one thread that waits until others have changed something: nothing but an atomic load on the
// side that does the change while nobody waits.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace sluice::staging {

// At most one thread waits at a time. What `ready` looks at must be atomic, changed and read in sequentially
// consistent order: either the changing thread sees the waiting one, or the waiting one sees the change.
class Waiter {
 public:
  using Clock = std::chrono::steady_clock;

  // Returns what `ready` last said: false only when `deadline` passed.
  template <class Ready>
  bool wait(Ready&& ready, std::optional<Clock::time_point> deadline = std::nullopt) {
    // The other side is often about to finish; spinning for it pays only where it can run meanwhile.
    static const bool many_cpus = std::thread::hardware_concurrency() > 1;
    for (int i = 0; many_cpus && i < spins; ++i) {
      if (ready()) return true;
      pause();
    }
    std::unique_lock lock(mutex_);
    waiting_.store(true);
    bool done = true;
    if (deadline)
      done = changed_.wait_until(lock, *deadline, ready);
    else
      changed_.wait(lock, ready);
    waiting_.store(false);
    return done;
  }

  // [any thread] After the change.
  void wake() {
    if (!waiting_.load()) return;
    std::lock_guard lock(mutex_);
    changed_.notify_one();
  }

 private:
  static constexpr int spins = 200;

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> waiting_{false};
};

}  // namespace sluice::staging
