// Taking a session away: in one step for everybody else, however long the deleting takes.
#pragma once

#include <string>

#include "staging/files/file_layer.hpp"

namespace sluice::staging {

// The caller has both locks of the session. Renames its folder, then deletes it; a rest is left to sweep().
Status remove_session(FileLayer& files, const std::string& staging_folder, const std::string& stage_id);

// Keeps sweepers away as long as `out` is open: for the moment in which a session that is being made has no
// lock of its own yet.
Status hold_off_sweepers(FileLayer& files, const std::string& staging_folder, File& out);

// Deletes what processes left that died while they made or removed a session. Gives how many. A session that
// is being made has its lock.
size_t sweep(FileLayer& files, const std::string& staging_folder);

// Deletes a folder that has no folders in it.
Status delete_folder(FileLayer& files, const std::string& path);

}  // namespace sluice::staging
