// The reading end of one stream of an mmap session.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "staging/mmap/cursor_file.hpp"
#include "staging/mmap/recovery.hpp"
#include "staging/mmap/session_parts.hpp"

namespace sluice::staging {

// Frames are read where they lie. Those that were staged before the session was opened are checked before
// they are given; those of a writer that is alive have been checked when it published them.
class MmapReader final : public StagingReader {
 public:
  // `writer_is_gone`: whether the writing end has no owner any more. [any thread]
  MmapReader(SessionParts& parts, uint32_t stream, std::function<bool()> writer_is_gone);

  Status open_cursor(FileLayer::Access access) { return cursor_file_.open(access); }
  Status create_cursor();
  // Begins with the cursor. `recovered` is what the writing end left; nothing when a writer is alive.
  Status begin(const std::optional<RecoveredStream>& recovered);
  // Before the first next: other places to begin and to end.
  void begin_with(uint64_t sequence) { from_ = sequence; }
  void end_before(uint64_t sequence);

  Status next(std::chrono::milliseconds wait, Next& kind, std::span<const std::byte>& frame) override;
  void release() override;
  Status acknowledge(uint64_t sequence, std::string_view checkpoint) override;
  Status forget(uint64_t sequence) override;
  bool wants_room() const override;
  std::optional<SharedPlace> shared_place(const std::byte* in_frame) const override {
    return walk_.shared_place(in_frame);
  }

  const Cursor& cursor() const { return cursor_; }
  // What a writer left that is gone; nothing while there is one.
  const std::optional<RecoveredStream>& left() const { return left_; }
  bool cursor_damaged() const { return cursor_damaged_; }
  // [any thread] Adds what was found damaged.
  void report_damage(StagingStreamState& out) const;
  // [any thread]
  void wake() { EventWait::raise(control().published_event); }

 private:
  StreamControl& control() const { return parts_.control.stream(stream_); }
  bool cancelled() const { return parts_.cancelled.load(); }
  bool has_writer() const;
  uint64_t bound() const;
  uint64_t check_below() const;
  uint64_t kept_from(uint64_t sequence) const;
  void show_taken(uint64_t next);
  bool at_end() const;
  Status wait_for_frames(std::chrono::milliseconds wait, bool& came);
  Status take_over();
  Status move_cursor(uint64_t acknowledged, uint64_t kept_from, std::string_view checkpoint);
  void found_damage(const Damage& damage);

  SessionParts& parts_;
  const uint32_t stream_;
  const std::function<bool()> writer_is_gone_;
  CursorFile cursor_file_;
  Cursor cursor_;
  bool cursor_damaged_ = false;
  StreamWalk walk_;
  detail::Patience patience_;
  bool started_ = false;
  uint64_t from_ = 0;
  // Set when there is no writer: the reader ends with what it left.
  std::optional<RecoveredStream> left_;

  // Where segments begin that were read into and not given up: as many come free by an acknowledgement.
  std::deque<uint64_t> bases_;
  std::deque<uint64_t> held_;  // sequences given and not released
  std::optional<uint64_t> last_read_, last_acknowledged_;

  mutable std::mutex damage_mutex_;
  uint64_t lost_frames_ = 0, lost_bytes_ = 0;
  std::vector<std::string> set_aside_;
};

}  // namespace sluice::staging
