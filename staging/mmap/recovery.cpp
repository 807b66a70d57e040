#include "staging/mmap/recovery.hpp"

#include <algorithm>
#include <deque>

#include "sluice/batch/batch_view.hpp"
#include "sluice/batch/seal.hpp"
#include "staging/mmap/end_mark.hpp"

namespace sluice::staging {

namespace {

constexpr size_t remembered_checkpoints = 16;

bool brings_checkpoint(const StreamWalk::Step& step) {
  return (step.header.detail & format::frame_has_checkpoint) != 0;
}

// Takes the frame's checkpoint when frame and checkpoint are whole.
bool take_checkpoint(std::span<const std::byte> frame, RecoveredStream& out) {
  if (!verify_frame(frame).ok() || !check_frame(frame).ok()) return false;
  const BatchView view(frame);
  if (view.checkpoint().empty()) return false;
  out.checkpoint = view.checkpoint();
  out.after_checkpoint = view.sequence() + 1;
  return true;
}

class Recovery {
 public:
  Recovery(FileLayer& files, const SessionFiles& at, const SegmentShape& shape, uint32_t stream,
           uint64_t first, RecoveredStream& out)
      : files_(files), at_(at), shape_(shape), stream_(stream), first_(first), out_(out) {}

  Status run() {
    StreamWalk walk(files_, at_, shape_, stream_, [](const Damage&) {});
    out_ = {};
    out_.next = first_;
    if (Status status = walk_headers(walk); !status.ok()) return status;
    if (Status status = look_at_end_mark(); !status.ok()) return status;
    if (!out_.sealed)
      if (Status status = look_at_tail(); !status.ok()) return status;
    while (!bearers_.empty()) {
      const std::span<const std::byte> frame = bearers_.back();
      bearers_.pop_back();
      if (frame_sequence(frame) < out_.next && take_checkpoint(frame, out_)) return {};
    }
    return forgot_some_ ? walk_everything() : Status();
  }

 private:
  static uint64_t frame_sequence(std::span<const std::byte> frame) { return BatchView(frame).sequence(); }

  Status walk_headers(StreamWalk& walk) {
    if (Status status = walk.seek(first_); !status.ok()) return status;
    StreamWalk::Step step;
    for (;;) {
      if (Status status = walk.next(UINT64_MAX, false, step); !status.ok()) return status;
      out_.next = walk.expected();
      out_.tail = walk.place();
      if (walk.place()) last_base_ = walk.segment_base();
      if (step.found == StreamWalk::Found::end) {
        out_.sealed = true;
        out_.how = static_cast<SealedAs>(step.header.detail);
      }
      if (step.found != StreamWalk::Found::frame) return {};
      if (!brings_checkpoint(step)) continue;
      bearers_.push_back(step.frame);
      if (bearers_.size() <= remembered_checkpoints) continue;
      bearers_.pop_front();
      forgot_some_ = true;
    }
  }

  // The mark knows of an end whose record is lost, and of the frames before it.
  Status look_at_end_mark() {
    EndMark mark;
    bool there = false;
    if (Status status = read_end_mark(files_, at_, shape_, stream_, mark, there); !status.ok()) return status;
    if (!there || out_.sealed || mark.next < out_.next) return {};
    out_.sealed = true;
    out_.how = mark.how;
    out_.next = mark.next;
    out_.tail.reset();
    return {};
  }

  // A frame at the very end may have its header and not all of its bytes: power went before they were
  // written.
  Status look_at_tail() {
    StreamWalk walk(files_, at_, shape_, stream_, [](const Damage&) {});
    const uint64_t from = std::max(first_, last_base_);
    if (Status status = walk.seek(from); !status.ok()) return status;
    uint64_t next = std::min(from, out_.next);
    std::optional<RecordPlace> tail = walk.place();
    StreamWalk::Step step;
    for (;;) {
      if (Status status = walk.next(out_.next, true, step); !status.ok()) return status;
      if (step.found != StreamWalk::Found::frame) break;
      next = step.header.sequence + 1;
      tail = step.place;
      tail->offset += format::record_bytes(step.header.size);
    }
    out_.next = next;
    out_.tail = tail;
    return {};
  }

  Status walk_everything() {
    StreamWalk walk(files_, at_, shape_, stream_, [](const Damage&) {});
    if (Status status = walk.seek(first_); !status.ok()) return status;
    StreamWalk::Step step;
    for (;;) {
      if (Status status = walk.next(out_.next, true, step); !status.ok()) return status;
      if (step.found != StreamWalk::Found::frame) return {};
      if (brings_checkpoint(step)) (void)take_checkpoint(step.frame, out_);
    }
  }

  FileLayer& files_;
  const SessionFiles& at_;
  const SegmentShape& shape_;
  const uint32_t stream_;
  const uint64_t first_;
  RecoveredStream& out_;
  std::deque<std::span<const std::byte>> bearers_;  // newest last
  bool forgot_some_ = false;
  uint64_t last_base_ = 0;
};

}  // namespace

Status recover(FileLayer& files, const SessionFiles& at, const SegmentShape& shape, uint32_t stream,
               uint64_t first, RecoveredStream& out) {
  return Recovery(files, at, shape, stream, first, out).run();
}

}  // namespace sluice::staging
