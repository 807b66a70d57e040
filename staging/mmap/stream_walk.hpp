// Goes through the frames of one stream in order, from segment to segment and past damage. The reading end,
// the recovery of a session and the offline verbs all stand on it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "sluice/staging.hpp"
#include "staging/mmap/damage.hpp"
#include "staging/mmap/segment_table.hpp"

namespace sluice::staging {

// Where a record stands.
struct RecordPlace {
  uint32_t slot = 0;
  uint64_t number = 0, offset = 0;
};

class StreamWalk {
 public:
  enum class Found { frame, end, nothing };

  struct Step {
    Found found = Found::nothing;
    format::RecordHeader header{};
    std::span<const std::byte> frame;  // valid as long as the walk
    RecordPlace place;
    bool checked = false;  // the frame's own checksum was compared
  };

  StreamWalk(FileLayer& files, const SessionFiles& at, const SegmentShape& shape, uint32_t stream,
             DamageHandler on_damage)
      : files_(files), at_(at), shape_(shape), stream_(stream), on_damage_(std::move(on_damage)) {}
  StreamWalk(const StreamWalk&) = delete;
  StreamWalk& operator=(const StreamWalk&) = delete;

  // The next step gives this frame, or the first whole one behind it. What is damaged before it is no loss.
  Status seek(uint64_t sequence);
  // The next frame whose sequence is below `bound`; `end` when the stream is sealed there; else `nothing`.
  // With `verify`, frames whose bytes do not match their checksum are left out as damaged.
  Status next(uint64_t bound, bool verify, Step& out);
  // Frames up to here are nowhere to be found: they are lost.
  void give_up(uint64_t sequence);
  // Sequence of the frame that is due.
  uint64_t expected() const { return expected_; }
  // The base of the segment in which the walk is.
  uint64_t segment_base() const { return base_; }
  // Where a frame that was given lies, for another process.
  std::optional<SharedPlace> shared_place(const std::byte* in_frame) const;
  // Where the next record would stand; nothing when the walk is in no segment.
  std::optional<RecordPlace> place() const;

 private:
  Status look_at_headers();
  Status enter(const SegmentInfo& info);
  Status segment_of(uint32_t slot, Segment*& out);
  Status leave_for(const format::RecordHeader& roll, bool& moved);
  Status skip_damage(uint64_t bound, bool& moved);
  std::optional<format::RecordHeader> record_at(uint64_t offset) const;
  bool is_committed(const format::RecordHeader& header) const;
  std::span<const std::byte> frame_of(const format::RecordHeader& header) const;
  bool intact(const format::RecordHeader& header) const;
  void report(uint64_t until_sequence, uint64_t until_offset);

  FileLayer& files_;
  const SessionFiles at_;
  const SegmentShape shape_;
  const uint32_t stream_;
  const DamageHandler on_damage_;

  SegmentTable table_;                                   // as the last look found it
  std::map<uint32_t, std::unique_ptr<Segment>> mapped_;  // by slot; recycled ones stay mapped
  Segment* segment_ = nullptr;
  uint32_t slot_ = 0;
  uint64_t number_ = 0, base_ = 0, limit_ = 0, offset_ = 0;
  uint64_t expected_ = 0;
  uint64_t wanted_from_ = 0;  // damage below is no loss
};

}  // namespace sluice::staging
