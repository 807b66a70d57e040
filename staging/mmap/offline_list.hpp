// `sluice staging list`: what lies in a staging folder. Changes nothing, and keeps no lock.
#pragma once

#include "staging/mmap/offline_session.hpp"

namespace sluice::staging {

struct StreamLook {
  uint64_t acknowledged = 0;  // sequence of the first frame that is not committed
  uint64_t kept_from = 0;     // of the first that is still there
  uint64_t next = 0;          // one past the newest
  bool sealed = false;
  bool never_written = false;
  uint64_t records = 0, bytes = 0;  // of frames that are staged and not acknowledged

  uint64_t pending() const { return next > kept_from ? next - kept_from : 0; }
  bool forgotten() const { return kept_from > acknowledged; }
};

struct SessionLook {
  std::string id;
  std::optional<Manifest> manifest;
  std::optional<Error> error;  // why the session, or a part of it, cannot be read
  SessionOwners owners;
  uint64_t bytes = 0;               // on disk
  std::vector<StreamLook> streams;  // none when it cannot be read
  // As far as can be seen without reading frames, and not looked for while the session is in use.
  bool damaged = false;

  uint64_t pending_frames() const;
  uint64_t pending_records() const;
  uint64_t pending_bytes() const;
  bool sealed() const;  // all streams
};

// E_STAGE_UNKNOWN, E_STAGE_ID (config) when there is no such session; all else stands in the look. `known`:
// for a caller who has locks of the session, and so knows its other owners.
Status look_at_session(FileLayer& files, const std::string& folder, const std::string& id, SessionLook& out,
                       std::optional<SessionOwners> known = std::nullopt);

// All sessions of a folder by id; none when there is no such folder. What is no session is left out.
Status list_staging(FileLayer& files, const std::string& folder, std::vector<SessionLook>& out);

}  // namespace sluice::staging
