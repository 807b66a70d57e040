// The folder in which sessions lie: whether it may be used, and what is in it.
#pragma once

#include <string>
#include <vector>

#include "staging/files/file_layer.hpp"

namespace sluice::staging {

// Makes the folder when it is missing, and its parents. Refuses (class config or system) one that others can
// write (E_STAGING_PERMISSION), a network or read-only file system (E_STAGING_FILESYSTEM,
// E_STAGING_READ_ONLY).
Status prepare_staging_folder(FileLayer& files, const std::string& path);

// Refuses a folder that is no folder, of somebody else, or that others can write.
Status check_owner(const std::string& path);

// Ids of the sessions in it, sorted.
Status list_sessions(FileLayer& files, const std::string& path, std::vector<std::string>& ids);

}  // namespace sluice::staging
