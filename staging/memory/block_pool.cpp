#include "staging/memory/block_pool.hpp"

namespace sluice::staging {

namespace {

// A stream of so many makes do with the blocks that it has, the last one first: to touch another one for the
// first time, and to wipe it in the end, costs more than it can gain.
constexpr uint32_t few_batches = 8;

// Small frames leave most of a block untouched, but all of it is reserved.
constexpr uint64_t most_usual_blocks = 8;

}  // namespace

BlockPool::BlockPool(const SharedMapping& mapping, uint64_t base, const PoolShape& shape,
                     MemoryBudget& budget, uint64_t more)
    : mapping_(mapping),
      base_(base),
      quota_(shape.quota),
      floor_(floor_bytes(shape)),
      few_(shape.few),
      budget_(budget),
      max_blocks_(static_cast<uint32_t>(shape.quota / shape.block)),
      // Usual blocks have the first max_blocks_ ids, large ones the others.
      offsets_(new uint64_t[size_t{max_blocks_} * 2]),
      sizes_(new uint64_t[size_t{max_blocks_} * 2]),
      next_(new std::atomic<uint32_t>[size_t{max_blocks_} * 2]),
      block_(shape.block),
      held_(floor_ + more),
      least_held_(held_) {
  for (uint32_t id = max_blocks_; id-- > 0;) large_ids_.push_back(max_blocks_ + id);
}

BlockPool::~BlockPool() {
  budget_.give_back(held_ - floor_, floor_);
}

std::optional<uint32_t> BlockPool::take(uint64_t bytes) {
  short_of_budget_ = false;
  drain();
  if (!shaped_) adopt_block_size(bytes);
  std::optional<uint32_t> id = bytes <= block_ ? take_usual() : take_large(SharedMapping::page_up(bytes));
  if (id) ++out_;
  return id;
}

void BlockPool::put_back(uint32_t id) {
  drain();  // keeps large blocks in order
  recycle(id);
}

void BlockPool::give(uint32_t id) {
  uint32_t head = returned_.load(std::memory_order_relaxed);
  do {
    next_[id].store(head, std::memory_order_relaxed);
  } while (!returned_.compare_exchange_weak(head, id));
}

// A source claims about the same size all along, and knows it better than the request does: offsets of many
// small records, for one. Blocks grow to it as long as a few of them fit.
void BlockPool::adopt_block_size(uint64_t first_claim) {
  shaped_ = true;
  const uint64_t wanted = SharedMapping::page_up(first_claim);
  if (wanted > block_ && wanted <= quota_ / 4 && budget_.reserve_floor(2 * wanted - floor_)) {
    held_ += 2 * wanted - floor_;
    least_held_ = held_;
    floor_ = 2 * wanted;
    block_ = wanted;
  }
  const uint64_t all = quota_ / block_;
  usual_limit_ = static_cast<uint32_t>(few_ ? std::min(all, working_set_frames(block_)) : all);
  for (uint64_t id = all; id-- > 0;) ids_.push_back(static_cast<uint32_t>(id));
}

// The largest frame decides, so that the number of blocks is settled soon.
void BlockPool::adopt_frame_size() {
  const uint64_t fit = std::min(working_set_frames(largest_frame_), most_usual_blocks);
  in_turn_ = static_cast<uint32_t>(std::min(quota_ / block_, std::max(fit, working_set_frames(block_))));
  if (few_) usual_limit_ = in_turn_;
  while (usual_count_ > usual_limit_ && !free_.empty()) drop_oldest_free();
}

// In the long run all blocks in turn: the one that the reader has just let go of is still in the cache of the
// reader's core, and to take it from there line by line costs more than to write it.
std::optional<uint32_t> BlockPool::take_usual() {
  if (taken_ < few_batches) {
    ++taken_;
    if (free_.empty()) return make_usual();
    const uint32_t id = free_.back();
    free_.pop_back();
    return id;
  }
  adopt_frame_size();
  if (usual_count_ < in_turn_ || free_.empty())
    if (const std::optional<uint32_t> id = make_usual()) return id;
  if (free_.empty()) return std::nullopt;
  const uint32_t id = free_.front();
  free_.pop_front();
  return id;
}

std::optional<uint32_t> BlockPool::make_usual() {
  if (usual_count_ >= usual_limit_ || !commit(block_)) return std::nullopt;
  const uint32_t id = ids_.back();
  ids_.pop_back();
  ++usual_count_;
  made_ = std::max<uint64_t>(made_, id + 1);
  offsets_[id] = base_ + id * block_;
  sizes_[id] = block_;
  return id;
}

std::optional<uint32_t> BlockPool::take_large(uint64_t bytes) {
  while (committed_ + bytes > quota_ && !free_.empty()) drop_oldest_free();
  if (committed_ + bytes > quota_) return std::nullopt;
  while (!commit(bytes)) {
    if (free_.empty()) return std::nullopt;
    drop_oldest_free();
  }
  const std::optional<uint64_t> gap = large_gap(bytes);
  if (!gap || large_ids_.empty()) {
    uncommit(bytes);
    return std::nullopt;
  }
  const uint32_t id = large_ids_.back();
  large_ids_.pop_back();
  offsets_[id] = base_ + quota_ + *gap;
  sizes_[id] = bytes;
  large_.push_back(id);
  return id;
}

// Large blocks are used and freed in order, so they lie in a ring of twice the quota; together with the new
// one they take no more than the quota, hence a gap of `bytes` stands behind the newest or before the oldest.
std::optional<uint64_t> BlockPool::large_gap(uint64_t bytes) const {
  if (large_.empty()) return 0;
  const uint64_t oldest = offsets_[large_.front()] - base_ - quota_;
  const uint64_t end = offsets_[large_.back()] + sizes_[large_.back()] - base_ - quota_;
  if (end <= oldest) return oldest - end >= bytes ? std::optional(end) : std::nullopt;
  if (2 * quota_ - end >= bytes) return end;
  return oldest >= bytes ? std::optional<uint64_t>(0) : std::nullopt;
}

bool BlockPool::ever_possible(uint64_t bytes) const {
  return bytes <= floor_ || budget_.possible(bytes - floor_);
}

void BlockPool::drain() {
  if (!returned()) return;
  uint32_t id = returned_.exchange(none);
  // The list begins with the block given back last. Large ones must go oldest first, usual ones as well, so
  // that the last is on top.
  uint32_t reversed = none;
  while (id != none) {
    const uint32_t next = next_[id].load(std::memory_order_relaxed);
    next_[id].store(reversed, std::memory_order_relaxed);
    reversed = id;
    id = next;
  }
  while (reversed != none) {
    const uint32_t next = next_[reversed].load(std::memory_order_relaxed);
    recycle(reversed);
    reversed = next;
  }
}

void BlockPool::recycle(uint32_t id) {
  --out_;
  if (!is_large(id)) {
    free_.push_back(id);
    return;
  }
  mapping_.decommit(offsets_[id], sizes_[id]);
  if (large_.front() == id)
    large_.pop_front();
  else
    large_.pop_back();  // put_back(): the newest
  large_ids_.push_back(id);
  uncommit(sizes_[id]);
}

void BlockPool::drop_oldest_free() {
  const uint32_t id = free_.front();
  free_.pop_front();
  ids_.push_back(id);
  --usual_count_;
  mapping_.decommit(offsets_[id], block_);
  uncommit(block_);
}

bool BlockPool::commit(uint64_t bytes) {
  if (committed_ + bytes > quota_) return false;
  const uint64_t more = committed_ + bytes > held_ ? committed_ + bytes - held_ : 0;
  if (more && !budget_.reserve(more)) {
    short_of_budget_ = true;
    return false;
  }
  held_ += more;
  committed_ += bytes;
  return true;
}

void BlockPool::uncommit(uint64_t bytes) {
  committed_ -= bytes;
  const uint64_t keep = std::max(committed_, least_held_);
  budget_.give_back(held_ - keep);
  held_ = keep;
}

}  // namespace sluice::staging
