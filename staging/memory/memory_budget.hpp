// The cap on memory of all sessions of a provider together, and what is kept of one session for the next.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "staging/memory/shared_mapping.hpp"
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

  bool reserve_floor(uint64_t bytes) { return reserve(bytes, bytes); }
  bool reserve(uint64_t bytes) { return reserve(bytes, 0); }
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

  // A mapping of `bytes` with the memory that its last session left in it; or nothing. The caller has
  // reserved `floor`; where there is memory for `more` than that, it is reserved too.
  std::unique_ptr<SharedMapping> take_spare(uint64_t bytes, uint64_t floor, uint64_t& more) {
    std::lock_guard lock(mutex_);
    if (!spare_ || spare_->bytes() != bytes) return nullptr;
    more = std::max(spare_bytes_, floor) - floor;
    reserved_ += more;  // spare and reserved bytes together stay below the cap
    spare_bytes_ = 0;
    return std::move(spare_);
  }
  // Keeps a mapping, which has memory for `committed` bytes, until a session takes it or needs its room, or
  // another one is kept.
  void keep_spare(std::unique_ptr<SharedMapping> mapping, uint64_t committed) {
    std::lock_guard lock(mutex_);
    if (cap_ - reserved_ < committed) return;
    spare_.swap(mapping);
    spare_bytes_ = committed;
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
  bool reserve(uint64_t bytes, uint64_t floor) {
    std::unique_ptr<SharedMapping> dropped;  // outlives the lock
    std::lock_guard lock(mutex_);
    if (cap_ - reserved_ < bytes) return false;
    reserved_ += bytes;
    floors_ += floor;
    if (spare_ && cap_ - reserved_ < spare_bytes_) dropped = std::move(spare_);
    return true;
  }

  const uint64_t cap_;
  mutable std::mutex mutex_;
  uint64_t reserved_ = 0, floors_ = 0;  // floors are part of what is reserved
  std::unique_ptr<SharedMapping> spare_;
  uint64_t spare_bytes_ = 0;  // of its memory; with what is reserved at most the cap
  std::atomic<uint64_t> generation_{0};
  std::vector<Waiter*> waiting_;
};

}  // namespace sluice::staging
