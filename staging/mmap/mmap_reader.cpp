#include "staging/mmap/mmap_reader.hpp"

#include <algorithm>

namespace sluice::staging {

MmapReader::MmapReader(SessionParts& parts, uint32_t stream, std::function<bool()> writer_is_gone)
    : parts_(parts),
      stream_(stream),
      writer_is_gone_(std::move(writer_is_gone)),
      cursor_file_(parts.files, parts.names.cursor(stream), stream, parts.shape.session_key, parts.to_disk()),
      walk_(parts.files, parts.names, parts.shape, stream,
            [this](const Damage& damage) { found_damage(damage); }) {}

Status MmapReader::create_cursor() {
  if (Status status = cursor_file_.create(); !status.ok()) return status;
  cursor_ = cursor_file_.read(cursor_damaged_);
  return {};
}

Status MmapReader::begin(const std::optional<RecoveredStream>& recovered) {
  cursor_ = cursor_file_.read(cursor_damaged_);
  SegmentTable table;
  if (Status status = SegmentTable::read(parts_.files, parts_.names, parts_.shape, stream_, table);
      !status.ok())
    return status;
  // What segments tell of the cursor holds even when its newest slot is lost.
  cursor_.acknowledged = std::max(cursor_.acknowledged, table.acknowledged);
  cursor_.kept_from = std::max({cursor_.kept_from, table.kept_from, cursor_.acknowledged});
  from_ = cursor_.kept_from;
  left_ = recovered;
  return {};
}

void MmapReader::end_before(uint64_t sequence) {
  if (left_ && sequence < left_->next) {
    left_->next = sequence;
    left_->sealed = false;
  }
}

bool MmapReader::has_writer() const {
  return parts_.ends != StagingEnds::reader || !left_;
}

uint64_t MmapReader::bound() const {
  return has_writer() ? control().published.load() : left_->next;
}

uint64_t MmapReader::check_below() const {
  return has_writer() ? control().staged_before.load() : left_->next;
}

// Everything that ever comes was given.
bool MmapReader::at_end() const {
  if (!has_writer()) return walk_.expected() >= left_->next;
  return control().sealed.load() != 0 && walk_.expected() >= control().published.load();
}

Status MmapReader::next(std::chrono::milliseconds wait, Next& kind, std::span<const std::byte>& frame) {
  frame = {};
  kind = Next::nothing_yet;
  if (cancelled()) return cancelled_error();
  if (!started_) {
    if (Status status = walk_.seek(from_); !status.ok()) return status;
    started_ = true;
    show_taken(from_);
  }
  for (;;) {
    const uint64_t end = bound();
    if (walk_.expected() < end) {
      StreamWalk::Step step;
      if (Status status = walk_.next(end, walk_.expected() < check_below(), step); !status.ok())
        return status;
      if (step.found != StreamWalk::Found::frame) {
        walk_.give_up(end);
        continue;
      }
      if (bases_.empty() || bases_.back() != walk_.segment_base()) bases_.push_back(walk_.segment_base());
      frame = step.frame;
      held_.push_back(step.header.sequence);
      last_read_ = step.header.sequence;
      kind = Next::frame;
      return {};
    }
    if (at_end()) {
      kind = Next::end;
      return {};
    }
    if (wait <= std::chrono::milliseconds::zero()) return {};
    bool came = false;
    if (Status status = wait_for_frames(wait, came); !status.ok()) return status;
    if (!came) return {};
    wait = std::chrono::milliseconds::zero();
  }
}

Status MmapReader::wait_for_frames(std::chrono::milliseconds wait, bool& came) {
  const Stopwatch starved(parts_.starved);
  const auto ready = [this] {
    return cancelled() || control().published.load() > walk_.expected() || control().sealed.load() != 0;
  };
  bool gone = false;
  const auto look = [&] { return gone = parts_.ends == StagingEnds::reader && writer_is_gone_(); };
  const auto most = std::min<std::chrono::milliseconds>(wait, std::chrono::hours(24));
  EventWait waiting(control().published_event, control().reader_waits, patience_);
  came = waiting.until(ready, EventWait::Clock::now() + most, look);
  if (cancelled()) return cancelled_error();
  if (!gone || came) return {};
  came = true;
  return take_over();
}

// The writer has died or closed its end: what it left is what there is.
Status MmapReader::take_over() {
  RecoveredStream left;
  if (Status status = recover(parts_.files, parts_.names, parts_.shape, stream_, walk_.expected(), left);
      !status.ok())
    return status;
  left_ = std::move(left);
  return {};
}

void MmapReader::release() {
  if (held_.empty()) return;
  show_taken(held_.front() + 1);
  held_.pop_front();
  if (cursor_.kept_from >= cursor_.acknowledged) return;
  // What was acknowledged while it was held may go now. When the cursor cannot be written, it goes with the
  // next acknowledgement.
  const uint64_t kept = kept_from(cursor_.acknowledged);
  if (kept > cursor_.kept_from) (void)move_cursor(cursor_.acknowledged, kept, {});
}

void MmapReader::show_taken(uint64_t next) {
  control().taken.store(next);
  EventWait::raise(control().freed_event, control().writer_waits);
}

// Frames below `sequence` may go, but for those whose bytes are in use.
uint64_t MmapReader::kept_from(uint64_t sequence) const {
  const uint64_t unheld = held_.empty() ? sequence : std::min(sequence, held_.front());
  return std::max(cursor_.kept_from, unheld);
}

Status MmapReader::acknowledge(uint64_t sequence, std::string_view checkpoint) {
  const bool before_first = !last_read_ && sequence < from_;
  if (!before_first && (!last_read_ || sequence > *last_read_))
    return misuse("frame " + std::to_string(sequence) + " is acknowledged and was not read yet");
  if (last_acknowledged_ && sequence < *last_acknowledged_)
    return misuse("frame " + std::to_string(sequence) + " is acknowledged after frame " +
                  std::to_string(*last_acknowledged_));
  // An earlier owner was further.
  if (sequence + 1 < cursor_.acknowledged) return {};
  Status status = move_cursor(sequence + 1, kept_from(sequence + 1), checkpoint);
  if (status.ok()) last_acknowledged_ = sequence;
  return status;
}

Status MmapReader::forget(uint64_t sequence) {
  if (!last_read_ || sequence > *last_read_)
    return misuse("frame " + std::to_string(sequence) + " is forgotten and was not read yet");
  const uint64_t kept = kept_from(sequence + 1);
  return kept > cursor_.kept_from ? move_cursor(cursor_.acknowledged, kept, {}) : Status();
}

Status MmapReader::move_cursor(uint64_t acknowledged, uint64_t kept_from, std::string_view checkpoint) {
  Cursor moved = cursor_;
  ++moved.generation;
  moved.acknowledged = acknowledged;
  moved.kept_from = kept_from;
  if (!checkpoint.empty()) moved.checkpoint = checkpoint;
  if (Status status = cursor_file_.write(moved); !status.ok()) return status;
  cursor_ = std::move(moved);
  while (bases_.size() > 1 && bases_[1] <= cursor_.kept_from) bases_.pop_front();
  EventWait::raise(control().freed_event);
  return {};
}

// Only when whole segments would come free by it: a quarter of all, so that commits are few; a single one
// when nothing else is left to do, or when frames were forgotten before it, so that to keep it helps nobody.
bool MmapReader::wants_room() const {
  const bool forgotten = cursor_.kept_from > cursor_.acknowledged;
  if (!last_read_ || (control().wants_room.load(std::memory_order_relaxed) == 0 && !forgotten)) return false;
  const auto begun = std::upper_bound(bases_.begin(), bases_.end(), cursor_.kept_from);
  const auto free = static_cast<size_t>(bases_.end() - begun);
  return free >= (!forgotten && walk_.expected() < bound() ? std::max(1u, parts_.manifest.segments / 4) : 1u);
}

void MmapReader::found_damage(const Damage& damage) {
  std::string path = set_aside(parts_.files, parts_.damaged_in, parts_.manifest.stage_id, damage);
  const std::lock_guard lock(damage_mutex_);
  lost_frames_ += damage.frames;
  lost_bytes_ += damage.bytes.size();
  if (!path.empty()) set_aside_.push_back(std::move(path));
}

void MmapReader::report_damage(StagingStreamState& out) const {
  const std::lock_guard lock(damage_mutex_);
  out.lost_frames = lost_frames_;
  out.lost_bytes = lost_bytes_;
  out.set_aside = set_aside_;
}

}  // namespace sluice::staging
