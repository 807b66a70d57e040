// `sluice staging check`: reads everything of a session that is not acknowledged, and compares every
// checksum. Changes nothing.
#pragma once

#include "staging/mmap/offline_session.hpp"

namespace sluice::staging {

// Frames that are lost, and where the bytes lie that were theirs.
struct DamagedRange {
  uint64_t sequence = 0, frames = 0;
  std::string file;  // of the session's folder; empty when it is gone as a whole
  uint64_t offset = 0, bytes = 0;
};

// Records behind the end of a stream that is not sealed: power went before they were whole. They were
// promised to nobody, so they are no damage.
struct TornTail {
  std::string file;
  uint64_t offset = 0, bytes = 0;
  std::vector<uint64_t> records;  // where their headers stand
};

enum class CursorState { whole, one_slot_damaged, lost };
std::string_view to_string(CursorState state);

struct StreamCheck {
  uint64_t acknowledged = 0, from = 0, next = 0;  // frames from `from` up to `next` are due
  bool sealed = false;
  SealedAs how = SealedAs::finished;
  bool end_mark_missing = false;  // it is sealed by its last record alone: no damage, but second best
  uint64_t frames = 0, records = 0, bytes = 0;  // whole
  uint64_t lost_frames = 0, lost_bytes = 0;
  std::vector<DamagedRange> ranges;
  CursorState cursor = CursorState::whole;
  uint64_t segments = 0, unused_segments = 0;
  std::vector<std::string> damaged_headers;      // segment files whose records tell what they are
  std::vector<std::string> unreadable_segments;  // neither header nor records do
  std::vector<std::string> stub_segments;        // cut short before they were ever used: no damage
  std::optional<TornTail> torn;

  bool damaged() const {
    return lost_frames > 0 || cursor != CursorState::whole || !damaged_headers.empty() ||
           !unreadable_segments.empty();
  }
};

enum class CopyState { whole, older, damaged, missing };
std::string_view to_string(CopyState state);

struct SessionCheck {
  Manifest manifest;
  CopyState first = CopyState::whole, copy = CopyState::whole;  // of the manifest
  std::vector<StreamCheck> streams;

  bool damaged() const;
};

// Takes both locks for the time it takes. E_STAGE_BUSY (transient): somebody who is alive writes or reads, so
// that nothing could be told from what is found. And what find_session() gives.
Status check_session(FileLayer& files, const std::string& folder, const std::string& id, SessionCheck& out);

// The same for a caller who has both locks. `on_damage` sees the bytes of each damaged range.
Status check_locked(FileLayer& files, const OfflineSession& session, const DamageHandler& on_damage,
                    SessionCheck& out);

}  // namespace sluice::staging
