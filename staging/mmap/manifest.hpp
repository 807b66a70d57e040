// The manifest of a session: what it is, and the note of whoever opened it.
#pragma once

#include <cstdint>
#include <string>

#include "sluice/staging.hpp"
#include "staging/files/file_layer.hpp"
#include "staging/mmap/session_files.hpp"

namespace sluice::staging {

struct Manifest {
  std::string stage_id, run_id, unit_key;
  uint64_t session_key = 0;  // random: seeds every checksum of the session
  Durability durability = Durability::os;
  uint32_t streams = 1;
  uint64_t segment_bytes = 0;
  uint32_t segments = 2;   // at most, a stream
  int64_t created_at = 0;  // microseconds since 1970-01-01 UTC
  std::string note;        // JSON of the opener's own
};

// Stands twice, in `manifest` and `manifest.copy`: JSON on the first line, its checksum on the second. Each
// copy is replaced in one step. With durability disk it has survived power loss when this returns.
Status write_manifest(FileLayer& files, const SessionFiles& at, const Manifest& manifest);

// The first copy that is whole. E_STAGE_UNKNOWN (config) when the folder has none, E_STAGING_MANIFEST
// (damaged) when none is whole, E_STAGING_VERSION (config) when it is of a later version; `healed` tells that
// one of two was not whole.
Status read_manifest(FileLayer& files, const SessionFiles& at, Manifest& out, bool* healed = nullptr);

// One of the two, by its path. E_STAGING_MISSING (damaged) when it is not there.
Status read_manifest_copy(FileLayer& files, const std::string& path, Manifest& out);

}  // namespace sluice::staging
