#include "staging/memory/memory_session.hpp"

namespace sluice::staging {

Status MemorySession::create(uint32_t streams, const PoolShape& shape, MemoryBudget& budget,
                             bool fail_when_full) {
  const uint64_t span = BlockPool::span_bytes(shape.quota);
  if (Status status = mapping_.create(span * streams); !status.ok()) {
    const uint64_t floors = BlockPool::floor_bytes(shape) * streams;
    budget.give_back(0, floors);
    return status;
  }
  for (uint32_t i = 0; i < streams; ++i)
    streams_.push_back(
        std::make_unique<MemoryStream>(mapping_, span * i, shape, budget, meter_, fail_when_full));
  return {};
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
