// The writing end of one stream of an mmap session.
#pragma once

#include <memory>
#include <optional>

#include "staging/mmap/durable_tail.hpp"
#include "staging/mmap/recovery.hpp"
#include "staging/mmap/segment_pool.hpp"

namespace sluice::staging {

// Two ways to fill the same format. With durability os a frame is built in the mapped segment; with disk in a
// buffer that one write brings to the file, and a sync beside the next ones to the disk, since a mapped page
// would fault anew after each sync.
class MmapWriter final : public StagingWriter {
 public:
  // Once the cursor file is there.
  MmapWriter(SessionParts& parts, uint32_t stream);

  // The stream of a session that is opened again goes on behind what is left of it, in a segment of its own
  // that the first claim takes.
  Status go_on(const RecoveredStream& left);
  // Before the first claim: with `sequence`, and what is staged from there on is dropped. `tail`: where that
  // frame would stand.
  Status go_back_to(uint64_t sequence, const std::optional<RecordPlace>& tail);
  Status open_cursor() { return cursor_.open(FileLayer::Access::read); }

  Status claim(uint64_t min_bytes, std::span<std::byte>& out) override;
  Status publish(uint64_t bytes) override;
  void abandon() override;
  Status seal(SealedAs how) override;
  std::optional<SharedPlace> shared_place(const std::byte* in_claim) const override;

  // [any thread]
  void wake() { EventWait::raise(control().freed_event); }

 private:
  StreamControl& control() const { return parts_.control.stream(stream_); }
  bool fits(uint64_t frame_bytes) const;
  Status adopt(uint64_t sequence);
  Status drop_stale(uint64_t sequence);
  std::optional<Segment> open_tail() const;
  Status sync(const Segment& segment);
  std::byte* place_of_claim() const;
  Status take_segment(uint64_t frame_bytes);
  void stay_near();
  Status wait_for_room(const Status& refusal, uint64_t frame_bytes);
  Status full(uint64_t frame_bytes) const;
  void begin_segment();
  void show(uint64_t next);
  void lead_here(const std::optional<SegmentPool::Taken>& before, uint64_t number, uint64_t offset);
  void lead_on(const Segment& before, uint64_t number, uint64_t offset, uint64_t sequence);
  void store_record(const Segment& segment, format::RecordHeader header);
  Status put_record(format::RecordHeader header, std::span<const std::byte> frame);
  Status poison(Status status);

  SessionParts& parts_;
  const uint32_t stream_;
  const uint64_t largest_;
  CursorFile cursor_;
  SegmentPool pool_;
  detail::Patience patience_;

  std::optional<SegmentPool::Taken> current_, spare_;  // spare: taken for the claim, not begun
  std::optional<RecordPlace> tail_;                    // of a session opened again, until it is gone on with
  uint64_t number_ = 0;                                // of the newest segment
  uint64_t offset_ = 0;                                // in the current segment
  uint64_t next_ = 0;                                  // sequence
  uint64_t last_frame_bytes_ = 0;
  std::optional<uint64_t> stood_still_at_;  // what the reader had taken when it was waited for in vain
  bool claimed_ = false, in_spare_ = false, sealed_ = false;
  uint64_t room_ = 0;                    // of the claim
  std::unique_ptr<std::byte[]> buffer_;  // record header and frame, for durability disk
  uint64_t buffer_bytes_ = 0;
  std::byte* buffer_at_ = nullptr;  // aligned
  std::optional<Error> poisoned_;   // a sync failed: nothing is known of what the disk holds since
  DurableTail durable_;             // last: its thread uses the rest
};

}  // namespace sluice::staging
