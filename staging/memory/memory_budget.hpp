// The cap on memory of all sessions of a provider together.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "staging/memory/waiter.hpp"

namespace sluice::staging {

// Every function is [any thread]. A session reserves a floor when it opens and can work with it to its end,
// so that no session ever waits for another one unless it needs a frame larger than its floor.
class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t cap) : cap_(cap) {}

  uint64_t cap() const { return cap_; }
  uint64_t reserved() const {
    std::lock_guard lock(mutex_);
    return reserved_;
  }

  bool reserve_floor(uint64_t bytes) {
    std::lock_guard lock(mutex_);
    if (cap_ - reserved_ < bytes) return false;
    reserved_ += bytes;
    floors_ += bytes;
    return true;
  }
  bool reserve(uint64_t bytes) {
    std::lock_guard lock(mutex_);
    if (cap_ - reserved_ < bytes) return false;
    reserved_ += bytes;
    return true;
  }
  // Whether `bytes` on top of the floors of the sessions that are open could ever be had.
  bool possible(uint64_t bytes) const {
    std::lock_guard lock(mutex_);
    return bytes <= cap_ - floors_;
  }
  void give_back(uint64_t bytes, uint64_t floor = 0) {
    if (bytes == 0 && floor == 0) return;
    std::lock_guard lock(mutex_);
    reserved_ -= bytes + floor;
    floors_ -= floor;
    generation_.fetch_add(1);
    for (Waiter* waiter : waiting_) waiter->wake();
  }

  // Changes whenever something was given back.
  uint64_t generation() const { return generation_.load(); }
  // `waiter` is woken at every change until it is removed.
  void add_waiter(Waiter* waiter) {
    std::lock_guard lock(mutex_);
    waiting_.push_back(waiter);
  }
  void remove_waiter(Waiter* waiter) {
    std::lock_guard lock(mutex_);
    waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), waiter), waiting_.end());
  }

 private:
  const uint64_t cap_;
  mutable std::mutex mutex_;
  uint64_t reserved_ = 0, floors_ = 0;  // floors are part of what is reserved
  std::atomic<uint64_t> generation_{0};
  std::vector<Waiter*> waiting_;
};

}  // namespace sluice::staging
