#include "host/run/unit_lock.hpp"

#define XXH_INLINE_ALL
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace sluice::host {

namespace {

Error no_lock(const std::filesystem::path& path, const std::string& what) {
  return Error(ErrorClass::system, "E_LOCK", "cannot lock the unit: " + path.string() + ": " + what,
               path.string(), "set XDG_RUNTIME_DIR to a folder that belongs to this user");
}

// Our own folder, closed to others: a stranger's folder of the same name in /tmp is refused.
Status make_folder(const std::filesystem::path& folder) {
  struct stat about {};
  int found = lstat(folder.c_str(), &about);
  if (found != 0 && errno == ENOENT) {
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return no_lock(folder, strerror(errno));
    found = lstat(folder.c_str(), &about);
  }
  if (found != 0) return no_lock(folder, strerror(errno));
  if (!S_ISDIR(about.st_mode) || about.st_uid != geteuid() || (about.st_mode & 022) != 0)
    return no_lock(folder, "it is not a folder that only this user may write");
  return {};
}

}  // namespace

std::filesystem::path UnitLock::default_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime && *runtime == '/') return std::filesystem::path(runtime) / "sluice";
  return "/tmp/sluice-" + std::to_string(geteuid());
}

Result<UnitLock> UnitLock::take(const std::string& identity, const std::string& unit_id,
                                const std::filesystem::path& folder) {
  if (Status status = make_folder(folder); !status.ok()) return std::move(status).take_error();
  const std::filesystem::path path = folder / "units.lock";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return no_lock(path, strerror(errno));
  UnitLock lock(file);
  // A lock of the open file, not of the process: runs of one process exclude each other too.
  struct flock byte {};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = static_cast<off_t>(XXH3_64bits(identity.data(), identity.size()) >> 1);
  byte.l_len = 1;
  if (fcntl(file, F_OFD_SETLK, &byte) != 0) {
    if (errno != EAGAIN && errno != EACCES) return no_lock(path, strerror(errno));
    return Error(ErrorClass::transient, "E_UNIT_BUSY",
                 "another run of unit \"" + unit_id + "\" into this sink is under way", unit_id,
                 "wait until it has ended");
  }
  // Whoever clears old files out of /tmp leaves a new one alone.
  (void)futimens(file, nullptr);
  return lock;
}

UnitLock::~UnitLock() {
  if (file_ >= 0) close(file_);
}

}  // namespace sluice::host
