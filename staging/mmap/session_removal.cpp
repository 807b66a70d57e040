#include "staging/mmap/session_removal.hpp"

#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "staging/mmap/session_files.hpp"

namespace sluice::staging {

Status delete_folder(FileLayer& files, const std::string& path) {
  std::vector<std::string> names;
  if (const int error = files.list(path, names)) return file_error("list", path, error);
  // The locks go last: as long as the folder is there it can be locked.
  for (const bool locks : {false, true})
    for (const std::string& name : names) {
      if (name.ends_with(".lock") != locks) continue;
      const std::string file = path + "/" + name;
      if (const int error = files.remove(file); error != 0 && error != ENOENT)
        return file_error("remove", file, error);
    }
  if (const int error = files.remove_folder(path); error != 0 && error != ENOENT)
    return file_error("remove", path, error);
  return {};
}

Status remove_session(FileLayer& files, const std::string& staging_folder, const std::string& stage_id) {
  const std::string from = staging_folder + "/" + stage_id;
  const std::string to = staging_folder + "/" + std::string(removed_prefix) + stage_id;
  int error = files.rename(from, to);
  if (error == ENOTEMPTY || error == EEXIST) {
    // What is left of one with the same id, whose removal was cut off.
    if (Status status = delete_folder(files, to); !status.ok()) return status;
    error = files.rename(from, to);
  }
  if (error != 0) {
    if (error == ENOENT) return {};
    return file_error("remove", from, error);
  }
  return delete_folder(files, to);
}

Status hold_off_sweepers(FileLayer& files, const std::string& staging_folder, File& out) {
  if (const int error = files.open(staging_folder, FileLayer::Access::read, out))
    return file_error("open", staging_folder, error);
  // Others have it for moments only.
  int error = files.lock(out);
  for (int tries = 0; error == EWOULDBLOCK && tries < 5000; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    error = files.lock(out);
  }
  return error ? Status(file_error("lock", staging_folder, error)) : Status();
}

size_t sweep(FileLayer& files, const std::string& staging_folder) {
  File alone;
  if (files.open(staging_folder, FileLayer::Access::read, alone) != 0 || files.lock(alone) != 0) return 0;
  std::vector<std::string> names;
  if (files.list(staging_folder, names) != 0) return 0;
  size_t swept = 0;
  for (const std::string& name : names) {
    if (!name.starts_with(removed_prefix) && !name.starts_with(unfinished_prefix)) continue;
    const SessionFiles session{staging_folder + "/" + name};
    // A maker that is alive holds its lock, from the moment in which sweepers are let in again.
    File lock;
    const int error = files.open(session.writer_lock(), FileLayer::Access::write, lock);
    if (error == 0 && files.lock(lock) != 0) continue;
    if (delete_folder(files, session.folder).ok()) ++swept;
  }
  return swept;
}

}  // namespace sluice::staging
