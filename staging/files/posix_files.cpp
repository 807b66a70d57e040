#include "staging/files/posix_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace sluice::staging {

namespace {

int result(int returned) {
  return returned == 0 ? 0 : errno;
}

struct KnownFileSystem {
  unsigned long magic;
  const char* name;
  bool network;
};

// Those whose locks or mappings another machine does not see, and a few for messages.
constexpr std::array known_file_systems{
    KnownFileSystem{NFS_SUPER_MAGIC, "nfs", true},    KnownFileSystem{SMB_SUPER_MAGIC, "smb", true},
    KnownFileSystem{0xFF534D42, "cifs", true},        KnownFileSystem{0xFE534D42, "smb2", true},
    KnownFileSystem{0x00C36400, "ceph", true},        KnownFileSystem{AFS_SUPER_MAGIC, "afs", true},
    KnownFileSystem{0x01021997, "9p", true},          KnownFileSystem{CODA_SUPER_MAGIC, "coda", true},
    KnownFileSystem{EXT4_SUPER_MAGIC, "ext4", false}, KnownFileSystem{TMPFS_MAGIC, "tmpfs", false},
    KnownFileSystem{0x58465342, "xfs", false},        KnownFileSystem{BTRFS_SUPER_MAGIC, "btrfs", false}};

}  // namespace

int PosixFiles::make_folder(const std::string& path) {
  return result(mkdir(path.c_str(), 0700));
}

int PosixFiles::create(const std::string& path, uint64_t bytes, File& out) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return errno;
  out = File(descriptor, path);
  if (bytes == 0) return 0;
  int error = 0;
  do {
    error = posix_fallocate(descriptor, 0, static_cast<off_t>(bytes));
  } while (error == EINTR);
  if (error != 0) {
    out = File();
    ::unlink(path.c_str());
    return error;
  }
  return 0;
}

int PosixFiles::open(const std::string& path, Access access, File& out) {
  // Not blocking: somebody's pipe of that name must not hold us up.
  const int flags = (access == Access::write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const int descriptor = ::open(path.c_str(), flags);
  if (descriptor < 0) return errno;
  out = File(descriptor, path);
  return 0;
}

int PosixFiles::size(const File& file, uint64_t& out) {
  struct stat about {};
  if (fstat(file.descriptor(), &about) != 0) return errno;
  if (!S_ISREG(about.st_mode)) return EINVAL;
  out = static_cast<uint64_t>(about.st_size);
  return 0;
}

int PosixFiles::read(const File& file, uint64_t offset, std::span<std::byte> to, size_t& got) {
  got = 0;
  while (got < to.size()) {
    const ssize_t count =
        pread(file.descriptor(), to.data() + got, to.size() - got, static_cast<off_t>(offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  return 0;
}

int PosixFiles::write(const File& file, uint64_t offset, std::span<const std::byte> from) {
  for (size_t done = 0; done < from.size();) {
    const ssize_t count =
        pwrite(file.descriptor(), from.data() + done, from.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? errno : EIO;
    done += static_cast<size_t>(count);
  }
  return 0;
}

int PosixFiles::map(const File& file, uint64_t bytes, Access access, Mapping& out) {
  const int protection = access == Access::write ? PROT_READ | PROT_WRITE : PROT_READ;
  void* base = mmap(nullptr, bytes, protection, MAP_SHARED, file.descriptor(), 0);
  if (base == MAP_FAILED) return errno;
  out = Mapping(static_cast<std::byte*>(base), bytes);
  return 0;
}

void PosixFiles::commit(const std::string&, std::atomic_ref<uint64_t> word, uint64_t value) {
  word.store(value, std::memory_order_release);
}

int PosixFiles::sync(const File& file) {
  return result(fdatasync(file.descriptor()));
}

int PosixFiles::sync_folder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const File folder(descriptor, path);
  return result(fsync(descriptor));
}

int PosixFiles::rename(const std::string& from, const std::string& to) {
  return result(::rename(from.c_str(), to.c_str()));
}

int PosixFiles::remove(const std::string& path) {
  return result(::unlink(path.c_str()));
}

int PosixFiles::remove_folder(const std::string& path) {
  return result(::rmdir(path.c_str()));
}

int PosixFiles::list(const std::string& path, std::vector<std::string>& names) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), &closedir);
  if (!folder) return errno;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(folder.get());
    if (!entry) return errno;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

int PosixFiles::lock(const File& file) {
  if (flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) return errno;
  // Between open and lock the file may have been removed, or moved away; its name may be another's by now.
  struct stat held {
  }, named{};
  if (fstat(file.descriptor(), &held) != 0) return errno;
  if (lstat(file.path().c_str(), &named) != 0) return errno;
  return held.st_dev == named.st_dev && held.st_ino == named.st_ino ? 0 : ENOENT;
}

int PosixFiles::facts(const std::string& path, FileSystemFacts& out) {
  struct statfs about {};
  if (statfs(path.c_str(), &about) != 0) return errno;
  struct statvfs flags {};
  if (statvfs(path.c_str(), &flags) != 0) return errno;
  out = {};
  for (const KnownFileSystem& known : known_file_systems) {
    if (static_cast<unsigned long>(about.f_type) != known.magic) continue;
    out.network = known.network;
    out.type = known.name;
  }
  out.read_only = (flags.f_flag & ST_RDONLY) != 0;
  out.free_bytes = static_cast<uint64_t>(flags.f_bavail) * flags.f_frsize;
  return 0;
}

}  // namespace sluice::staging
