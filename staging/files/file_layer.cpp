#include "staging/files/file_layer.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::staging {

File& File::operator=(File&& other) noexcept {
  if (this == &other) return *this;
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = std::exchange(other.descriptor_, -1);
  path_ = std::move(other.path_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) close(descriptor_);
}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this == &other) return *this;
  if (base_) munmap(base_, bytes_);
  base_ = std::exchange(other.base_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

Mapping::~Mapping() {
  if (base_) munmap(base_, bytes_);
}

Error file_error(const std::string& doing, const std::string& path, int error, uint64_t bytes) {
  std::string message = "staging cannot " + doing + " " + path;
  if (bytes > 0) message += " (" + std::to_string(bytes) + " bytes)";
  message += ": " + std::string(std::strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return {ErrorClass::transient, "E_STAGING_DISK_FULL", message, path,
              "make room, or name another folder with staging.mmap.dir; what is staged is kept"};
    case EROFS:
      return {ErrorClass::system, "E_STAGING_READ_ONLY", message, path,
              "name a folder that can be written with staging.mmap.dir"};
    case EACCES:
    case EPERM:
      return {ErrorClass::system, "E_STAGING_PERMISSION", message, path,
              "give the folder to this user, or name another with staging.mmap.dir"};
    case ENOENT:
      return {ErrorClass::damaged, "E_STAGING_MISSING", message, path,
              "`sluice staging check` tells what is left"};
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return {ErrorClass::transient, "E_STAGING_LIMIT", message, path,
              "raise the limits of the process (ulimit -n, -v), or run less at once"};
    default:
      return {ErrorClass::system, "E_STAGING_IO", message, path,
              "look at the disk and the system's log; what was committed is not touched"};
  }
}

}  // namespace sluice::staging
