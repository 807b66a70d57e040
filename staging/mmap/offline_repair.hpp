// `sluice staging repair`: makes whole what can be made whole. Frames that are lost stay lost, and counted.
#pragma once

#include "staging/mmap/offline_check.hpp"

namespace sluice::staging {

struct RepairReport {
  std::vector<std::string> actions;  // one line each; empty: there was nothing to do
  std::string backup;  // folder with what was changed, as it was before; empty: nothing was changed
  SessionCheck after;
};

// Under both locks (E_STAGE_BUSY): what find_session() gives, and E_STAGING_PERMISSION (system) for a folder
// that others can write. Every file is copied to `<folder>/.damaged/<id>.backup-<n>/` before it is changed.
// Then
//   - both copies of the manifest are written anew when one is not whole,
//   - a cursor with a damaged slot is made anew with what is known of it,
//   - the mark that a stream is sealed is written anew where only its last record says so,
//   - headers of segments are written anew where the records behind them tell what they were,
//   - segment files that nothing can be told of, and stubs of others, are moved into the backup,
//   - torn records behind the end of a stream are cut,
//   - the bytes of damaged ranges are set aside, as a reader would do.
// What is whole is not touched; a second repair finds nothing to do. After a failure in between, what was
// done is whole, and a repair goes on from there.
Status repair_session(FileLayer& files, const std::string& folder, const std::string& id, RepairReport& out);

}  // namespace sluice::staging
