// What the offline verbs (`sluice staging ...`) share: who uses a session right now, and how it stands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "staging/mmap/cursor_file.hpp"
#include "staging/mmap/end_lock.hpp"
#include "staging/mmap/manifest.hpp"
#include "staging/mmap/recovery.hpp"
#include "staging/mmap/segment_table.hpp"

namespace sluice::staging {

// A session whose manifest can be read.
struct OfflineSession {
  std::string folder;  // the staging folder
  SessionFiles at;
  Manifest manifest;

  const std::string& id() const { return manifest.stage_id; }
  SegmentShape shape() const { return {manifest.session_key, manifest.segment_bytes}; }
  bool to_disk() const { return manifest.durability == Durability::disk; }
};

// E_STAGE_ID (config) when `id` is none, and what read_manifest() gives. A folder whose manifest is gone is
// E_STAGING_MANIFEST (damaged) when files of a session lie in it, else E_STAGE_UNKNOWN (config).
Status find_session(FileLayer& files, const std::string& folder, const std::string& id, OfflineSession& out);

// Ends that have an owner which is alive.
struct SessionOwners {
  bool writer = false, reader = false;
  bool any() const { return writer || reader; }
  bool operator==(const SessionOwners&) const = default;
  std::string text() const;  // "writer", "reader", "writer, reader" or ""
};
// Looks at the locks and keeps none.
SessionOwners owners_of(FileLayer& files, const SessionFiles& at);

// While it is open nobody has this end of the session, and nobody can take it.
struct SessionLocks {
  File writer, reader;
};
// Takes both, or none: E_STAGE_BUSY (transient).
Status take_locks(FileLayer& files, const OfflineSession& session, MissingLock missing, SessionLocks& out);

// A stream as its files tell.
struct OfflineStream {
  Cursor cursor;                // at least as far as the segments tell
  bool cursor_damaged = false;  // a slot is not whole: the truth may be further on
  SegmentTable table;
  RecoveredStream left;  // only when nobody writes

  // No segment was ever begun. Damage may hide one, so only when there is none.
  bool never_written() const {
    return table.highest_number == 0 && table.damaged.empty() && !cursor_damaged && cursor.acknowledged == 0;
  }
};
// Cursor and segment headers, which may change meanwhile when the session is in use.
Status read_stream_files(FileLayer& files, const OfflineSession& session, uint32_t stream,
                         OfflineStream& out);
// The same and `left`. Nobody writes meanwhile.
Status read_stream(FileLayer& files, const OfflineSession& session, uint32_t stream, OfflineStream& out);

// How far a writer that is alive has come.
struct PublishedState {
  uint64_t next = 0;
  bool sealed = false;
};
// By stream. E_STAGING_MISSING when the control page is gone, E_STAGING_IO when it cannot be read.
Status read_control(FileLayer& files, const OfflineSession& session, std::vector<PublishedState>& out);

// Bytes of all files in a folder that has no folders in it.
uint64_t bytes_in(FileLayer& files, const std::string& folder);

}  // namespace sluice::staging
