// One slice's stream in memory: the writing and the reading end, and the ring of frames between them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "sluice/staging.hpp"
#include "staging/memory/block_pool.hpp"
#include "staging/memory/waiter.hpp"

namespace sluice::staging {

// What the streams of a session share. Outlives them.
struct SessionMeter {
  explicit SessionMeter(uint64_t bytes) : capacity(bytes) {}

  void take(uint64_t bytes) {
    const uint64_t now = used.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    uint64_t before = peak.load(std::memory_order_relaxed);
    while (before < now && !peak.compare_exchange_weak(before, now, std::memory_order_relaxed)) {
    }
  }
  void give(uint64_t bytes) { used.fetch_sub(bytes, std::memory_order_relaxed); }

  const uint64_t capacity;
  std::atomic<uint64_t> used{0}, peak{0};       // bytes of blocks that are not free
  std::atomic<int64_t> blocked{0}, starved{0};  // nanoseconds
  std::atomic<bool> cancelled{false};
};

// A single-producer single-consumer hand-over. Without waiting, a batch costs each side a handful of atomic
// operations and no lock.
class MemoryStream final : public StagingWriter, public StagingReader {
 public:
  // `more`: as BlockPool takes it.
  MemoryStream(const SharedMapping& mapping, uint64_t base, const PoolShape& shape, MemoryBudget& budget,
               uint64_t more, SessionMeter& meter, bool fail_when_full);

  // Writer's side.
  Status claim(uint64_t min_bytes, std::span<std::byte>& out) override;
  Status publish(uint64_t bytes) override;
  void abandon() override;
  Status seal(SealedAs how) override;

  // Reader's side. It may hold several frames; each is valid until its release.
  Status next(std::chrono::milliseconds wait, Next& kind, std::span<const std::byte>& frame) override;
  void release() override;
  Status acknowledge(uint64_t sequence, std::string_view checkpoint) override;

  // Both sides'.
  std::optional<SharedPlace> shared_place(const std::byte* at) const override {
    return mapping_.place_of(at);
  }

  // Once both ends are done.
  uint64_t used_bytes() const { return pool_.used_bytes(); }

  // [any thread] After the session's flag was set.
  void wake_both();

 private:
  struct Entry {
    uint32_t block;
    uint64_t bytes;
  };
  Entry& entry(uint64_t index) { return ring_[index & mask_]; }
  bool cancelled() const { return meter_.cancelled.load(); }
  Status full(uint64_t bytes) const;
  Status wait_for_room(uint64_t bytes);

  const SharedMapping& mapping_;
  const uint64_t largest_;  // bytes of a frame
  const bool fail_when_full_;
  SessionMeter& meter_;
  MemoryBudget& budget_;
  BlockPool pool_;
  // More places than blocks: the writer never finds the ring full.
  const uint64_t mask_;
  std::unique_ptr<Entry[]> ring_;

  Waiter writer_waits_, reader_waits_;
  // Frames published and no more to come, written by the writer, on a cache line of their own.
  alignas(64) std::atomic<uint64_t> published_{0};
  std::atomic<bool> sealed_{false};

  alignas(64) std::optional<uint32_t> claimed_;  // the writer's open claim
  uint64_t next_index_ = 0;                      // the writer's copy of published_

  alignas(64) uint64_t read_ = 0, released_ = 0;           // the reader's places in the ring
  std::optional<uint64_t> last_read_, last_acknowledged_;  // sequences
};

}  // namespace sluice::staging
