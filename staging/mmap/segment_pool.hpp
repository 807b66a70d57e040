// The writing end's segment files of one stream: recycled when the cursor has passed them, made anew up to
// the stream's most, the next one reserved before it is needed.
#pragma once

#include <deque>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "staging/mmap/cursor_file.hpp"
#include "staging/mmap/segment_table.hpp"
#include "staging/mmap/session_parts.hpp"

namespace sluice::staging {

// [the stream's writer thread]
class SegmentPool {
 public:
  struct Taken {
    uint32_t slot = 0;
    Segment* segment = nullptr;
  };

  SegmentPool(SessionParts& parts, uint32_t stream, const CursorFile& cursor)
      : parts_(parts), stream_(stream), cursor_(cursor) {}
  ~SegmentPool();
  SegmentPool(const SegmentPool&) = delete;
  SegmentPool& operator=(const SegmentPool&) = delete;

  // Goes on with the files of a session that is opened again. Frames from `write_from` on are dropped:
  // segments that hold nothing before it are room. Once more after a rewind.
  Status adopt(const SegmentTable& table, uint64_t write_from);

  // A segment that is not in use; its header still is as it was. No segment and no error: the stream is full.
  Status take(std::optional<Taken>& out);
  // Like take, but never full: one more than the stream's most may be in use by it.
  Status take_even_if_full(Taken& out);
  // The segment in which the writer has been so far is finished: no frame at or above `limit` is in it.
  void retire(uint32_t slot, uint64_t limit);
  // More segments are in use than the stream may have.
  bool is_over();
  // Reserves one more file on another thread, if it will be needed.
  void reserve_ahead();
  // More than half of what the stream may have cannot be recycled.
  bool crowded() const { return (retired_.size() + 1) * 2 > parts_.manifest.segments; }
  bool any_to_wait_for() const { return !retired_.empty(); }

  Segment* segment(uint32_t slot) { return segments_.at(slot).get(); }
  // The cursor as the last look found it.
  const Cursor& cursor() const { return seen_; }
  // Whether the cursor would let go of something now.
  bool can_recycle();

 private:
  struct Retired {
    uint32_t slot;
    uint64_t limit;
  };
  struct Reserved {
    Status status;
    uint32_t slot = 0;
    std::unique_ptr<Segment> segment;
  };

  void recycle();
  Status open_slot(uint32_t slot, Segment*& out);
  Status make(uint32_t slot, bool touch, std::unique_ptr<Segment>& out) const;
  Status take_any(std::optional<Taken>& out);
  Status take_new(Taken& out);
  size_t in_use() const { return retired_.size() + taken_; }

  SessionParts& parts_;
  const uint32_t stream_;
  const CursorFile& cursor_;
  Cursor seen_;
  std::map<uint32_t, std::unique_ptr<Segment>> segments_;  // by slot
  std::vector<uint32_t> free_;                             // slots; the last one was in use last
  std::deque<Retired> retired_;                            // oldest first
  uint32_t next_slot_ = 0;
  uint32_t count_ = 0;  // slots there are
  uint32_t taken_ = 0;  // and not retired
  std::future<Reserved> reserved_;
};

}  // namespace sluice::staging
