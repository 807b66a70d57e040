#include "staging/memory/memory_session.hpp"

#include <algorithm>

namespace sluice::staging {

Status MemorySession::create(uint32_t streams, const PoolShape& shape, MemoryBudget& budget,
                             bool fail_when_full) {
  const uint64_t span = BlockPool::span_bytes(shape.quota), bytes = span * streams;
  const uint64_t floor = BlockPool::floor_bytes(shape) * streams;
  uint64_t more = 0;
  mapping_ = budget.take_spare(bytes, floor, more);
  if (!mapping_) {
    mapping_ = std::make_unique<SharedMapping>();
    if (Status status = mapping_->create(bytes); !status.ok()) {
      budget.give_back(0, floor);
      return status;
    }
  }
  budget_ = &budget;
  kept_ = BlockPool::kept_bytes(shape);
  for (uint32_t i = 0; i < streams; ++i)
    streams_.push_back(std::make_unique<MemoryStream>(*mapping_, span * i, shape, budget, i == 0 ? more : 0,
                                                      meter_, fail_when_full));
  return {};
}

MemorySession::~MemorySession() {
  const bool one_stream = streams_.size() == 1;
  const uint64_t used = one_stream ? streams_.front()->used_bytes() : 0;
  streams_.clear();
  if (!one_stream || mapping_->shown()) return;
  // Its usual blocks come first. The next session may be shown to another process, which shall not find this
  // one's records.
  if (mapping_->wipe(std::min(used, kept_), kept_)) budget_->keep_spare(std::move(mapping_), kept_);
}

void MemorySession::cancel() {
  meter_.cancelled.store(true);
  for (auto& stream : streams_) stream->wake_both();
}

StagingStats MemorySession::stats() const {
  StagingStats now;
  now.used_bytes = meter_.used.load(std::memory_order_relaxed);
  now.peak_bytes = meter_.peak.load(std::memory_order_relaxed);
  now.capacity_bytes = meter_.capacity;
  now.blocked = std::chrono::nanoseconds(meter_.blocked.load(std::memory_order_relaxed));
  now.starved = std::chrono::nanoseconds(meter_.starved.load(std::memory_order_relaxed));
  return now;
}

}  // namespace sluice::staging
