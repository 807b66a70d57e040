#include "host/run/unit_lock.hpp"

#define XXH_INLINE_ALL
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstdio>
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
  const XXH128_hash_t hash = XXH3_128bits(identity.data(), identity.size());
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "%016llx%016llx.lock", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  const std::filesystem::path path = folder / name.data();
  // A holder removes its file when it is done. If that happened between our open and our lock, we hold a file
  // that has no name any more, and somebody else may lock a new one: look, and open again.
  for (int tries = 0; tries < 100; ++tries) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return no_lock(path, strerror(errno));
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
      const int why = errno;
      close(file);
      if (why != EWOULDBLOCK) return no_lock(path, strerror(why));
      return Error(ErrorClass::transient, "E_UNIT_BUSY",
                   "another run of unit \"" + unit_id + "\" into this sink is under way", unit_id,
                   "wait until it has ended");
    }
    struct stat ours {
    }, named{};
    if (fstat(file, &ours) == 0 && stat(path.c_str(), &named) == 0 && ours.st_ino == named.st_ino)
      return UnitLock(file, path);
    close(file);
  }
  return no_lock(path, "it is taken and given up too fast");
}

UnitLock::~UnitLock() {
  if (file_ < 0) return;
  unlink(path_.c_str());
  close(file_);
}

}  // namespace sluice::host
