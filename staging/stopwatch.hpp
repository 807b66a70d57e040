// Time that a side waited, for the statistics.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace sluice::staging {

// Adds the time since its construction to a counter of nanoseconds.
class Stopwatch {
 public:
  explicit Stopwatch(std::atomic<int64_t>& total) : total_(total) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    const auto time = std::chrono::steady_clock::now() - begin_;
    total_.fetch_add(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count(),
                     std::memory_order_relaxed);
  }

 private:
  std::atomic<int64_t>& total_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace sluice::staging
