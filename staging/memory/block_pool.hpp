// The blocks of one stream: taken by the writer, given back by the reader, and used in turn.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "staging/memory/memory_budget.hpp"
#include "staging/memory/shared_mapping.hpp"
#include "staging/working_set.hpp"

namespace sluice::staging {

struct PoolShape {
  uint64_t quota;   // bytes that the stream may use; a multiple of the page size
  uint64_t block;   // bytes of a usual block; a multiple of the page size, at most half the quota
  bool few = true;  // keep to a working set that fits the cache; else use the whole quota
};

// Invariant: usual blocks that exist plus large blocks in use never take more than the quota. Blocks are
// handed back in the order in which they were taken, except that the writer may give its last one back.
class BlockPool {
 public:
  // `mapping` has span_bytes(shape.quota) bytes at `base` for this pool, and `budget` already holds
  // floor_bytes(shape) for it, and `more`; the pool gives them back when it is destroyed. Both outlive the
  // pool.
  BlockPool(const SharedMapping& mapping, uint64_t base, const PoolShape& shape, MemoryBudget& budget,
            uint64_t more);
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  // Address space: the usual blocks, and twice the quota for large ones so that one always finds a gap.
  static uint64_t span_bytes(uint64_t quota) { return 3 * quota; }
  static uint64_t floor_bytes(const PoolShape& shape) { return 2 * shape.block; }
  // What of its memory the next session may find: all usual blocks where they are not large.
  static uint64_t kept_bytes(const PoolShape& shape) {
    constexpr uint64_t most = uint64_t{8} << 20;
    const uint64_t all = std::min(shape.quota / shape.block, working_set_frames(shape.block)) * shape.block;
    return std::max(floor_bytes(shape), std::min(all, most / shape.block * shape.block));
  }

  // [writer] A block of at least `bytes` (at most the quota), or nothing while there is no room.
  std::optional<uint32_t> take(uint64_t bytes);
  // [writer] Blocks that are filled less far may be more.
  void note_frame(uint64_t bytes) { largest_frame_ = std::max(largest_frame_, bytes); }
  // [writer] Gives back the block taken last.
  void put_back(uint32_t id);
  // [reader]
  void give(uint32_t id);

  std::span<std::byte> room(uint32_t id) const {
    return {mapping_.at(offsets_[id]), static_cast<size_t>(sizes_[id])};
  }
  uint64_t size(uint32_t id) const { return sizes_[id]; }
  // No more blocks than this are ever out at once.
  uint32_t max_blocks() const { return max_blocks_; }
  // Bytes from `base` on in which usual blocks have ever been.
  uint64_t used_bytes() const { return made_ * block_; }
  // [any thread] Whether the reader has given something back that take() has not seen.
  bool returned() const { return returned_.load() != none; }

  // [writer] After a failed take(): whether the provider's cap was the reason, ...
  bool short_of_budget() const { return short_of_budget_; }
  // ... and whether waiting for other sessions can help at all.
  bool ever_possible(uint64_t bytes) const;
  // [writer] Whether a block is with the reader, or on its way there or back.
  bool any_out() const { return out_ > 0; }

 private:
  static constexpr uint32_t none = UINT32_MAX;

  bool is_large(uint32_t id) const { return id >= max_blocks_; }
  void drain();
  void recycle(uint32_t id);
  void adopt_block_size(uint64_t first_claim);
  void adopt_frame_size();
  bool commit(uint64_t bytes);
  void uncommit(uint64_t bytes);
  void drop_oldest_free();
  std::optional<uint32_t> take_usual();
  std::optional<uint32_t> make_usual();
  std::optional<uint32_t> take_large(uint64_t bytes);
  std::optional<uint64_t> large_gap(uint64_t bytes) const;

  const SharedMapping& mapping_;
  const uint64_t base_, quota_;
  uint64_t floor_;
  const bool few_;
  MemoryBudget& budget_;
  uint32_t max_blocks_;

  // Written by the writer before the block is published, read by the reader after it has got it.
  std::unique_ptr<uint64_t[]> offsets_, sizes_;
  // What the reader has given back, linked through next_; the writer takes the whole list at once.
  std::atomic<uint32_t> returned_{none};
  std::unique_ptr<std::atomic<uint32_t>[]> next_;

  // All below is the writer's.
  uint64_t block_ = 0;                     // bytes of a usual block; may grow to the first claim
  bool shaped_ = false;                    // block_ is final
  uint64_t largest_frame_ = 0;             // in usual blocks
  uint32_t usual_limit_ = 0;               // blocks that may exist, ...
  uint32_t in_turn_ = 0;                   // ... and so many do before one is used again
  uint32_t usual_count_ = 0;               // blocks that exist
  uint64_t made_ = 0;                      // blocks that have existed, from the first
  uint32_t taken_ = 0;                     // usual blocks, up to few_batches
  std::deque<uint32_t> free_;              // existing usual blocks, the most recently used last
  std::vector<uint32_t> ids_, large_ids_;  // unused ones
  std::deque<uint32_t> large_;             // large blocks in use, oldest first: a ring in their address space
  uint64_t committed_ = 0;                 // bytes of existing usual and of large blocks
  uint64_t held_;                          // bytes reserved from the budget, ...
  uint64_t least_held_;                    // ... and no fewer than these, which are the floor and more
  bool short_of_budget_ = false;
  uint32_t out_ = 0;  // blocks taken and not seen back
};

}  // namespace sluice::staging
