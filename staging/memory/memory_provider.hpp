// Staging in memory: fast, lost with the process. Nothing is verified on the way: what is published has been
// sealed by the host, and nobody else can reach the bytes.
#pragma once

#include "sluice/staging.hpp"
#include "staging/memory/memory_budget.hpp"

namespace sluice::staging {

// Streams of a session divide its max_bytes evenly, so that none can starve another one. Within its part a
// stream keeps a working set of a few blocks that stay in cache, even where it may use more, unless the
// policy is to fail when full: then it uses everything before it fails. Frames larger than a usual block get
// a block of their own. The memory of a working set is kept, wiped, from a session of one stream to the next.
// It has no thread of its own.
class MemoryProvider final : public StagingProvider {
 public:
  static constexpr Durability strongest = Durability::memory;
  static constexpr uint64_t default_cap = uint64_t{1} << 30;

  // `cap`: bytes that all sessions together may take. At the cap a session goes on with the two blocks a
  // stream that it got when it was opened; open() fails with E_STAGING_CAP when not even they can be had.
  explicit MemoryProvider(uint64_t cap = default_cap) : budget_(cap) {}

  Durability strongest_durability() const override { return strongest; }
  uint64_t max_frame_bytes(const StagingRequest& request) const override;
  // E_STAGE_UNKNOWN for a stage_id, E_STAGING_DURABILITY for more than memory, E_STAGING_TOO_SMALL when
  // max_bytes has no room for two pages a stream; all of class config.
  Status open(const StagingRequest& request, std::unique_ptr<StagingSession>& out) override;

  // [any thread] What the sessions hold now of the cap.
  uint64_t reserved_bytes() const { return budget_.reserved(); }

 private:
  MemoryBudget budget_;
};

}  // namespace sluice::staging
