#include "staging/mmap/end_lock.hpp"

#include <cerrno>
#include <chrono>
#include <thread>

namespace sluice::staging {

Status take_end(FileLayer& files, const std::string& path, const std::string& id, const char* end,
                MissingLock missing, File& out) {
  int error = 0;
  // Whoever looks whether an end has an owner holds its lock for that moment.
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    error = files.open(path, FileLayer::Access::write, out);
    // A lock says nothing by being there.
    if (error == ENOENT && missing == MissingLock::ignore) return {};
    if (error == ENOENT) error = files.create(path, 0, out);
    if (error == EEXIST) error = files.open(path, FileLayer::Access::write, out);
    if (error) return file_error("open", path, error);
    error = files.lock(out);
    if (error != EWOULDBLOCK && error != ENOENT) break;
  }
  if (error == 0) return {};
  out = File();
  if (error == EWOULDBLOCK)
    return Error(ErrorClass::transient, "E_STAGE_BUSY",
                 "staging session " + id + ": its " + end + " end is in use by a process that is alive", path,
                 "wait until it has ended; a lock is never taken over");
  return file_error("lock", path, error);
}

}  // namespace sluice::staging
