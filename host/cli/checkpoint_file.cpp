#include "host/cli/checkpoint_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "host/cli/request_input.hpp"

namespace sluice::host::cli {
namespace {

Error cannot_write(const std::string& path, int error) {
  return {ErrorClass::system, "E_CHECKPOINT_FILE",
          "cannot write the checkpoint file " + path + ": " + std::strerror(error), path,
          "the folder of the checkpoint file must exist and be writable"};
}

bool same_file(int descriptor, const std::string& path) {
  struct stat open {
  }, named{};
  return ::fstat(descriptor, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

}  // namespace

Result<std::unique_ptr<CheckpointFile>> CheckpointFile::open(const std::string& path) {
  std::unique_ptr<CheckpointFile> file(new CheckpointFile);
  // A symbolic link stays one: what it points at is replaced.
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  file->path_ = error ? path : target.string();
  file->new_path_ = file->path_ + ".new";
  if (Status locked = file->lock(); !locked) return locked.error();
  if (std::filesystem::exists(file->path_, error)) {
    auto text = read_text(file->path_);
    if (!text) return text.error();
    boost::json::error_code wrong;
    boost::json::parse(*text, wrong);
    if (wrong)
      return Error(ErrorClass::config, "E_CHECKPOINT", "the checkpoint file is not JSON: " + wrong.message(),
                   file->path_, "put the right checkpoint in, or remove the file to begin anew");
    file->checkpoint_ = std::move(*text);
  }
  return file;
}

Status CheckpointFile::lock() {
  for (int attempt = 0; attempt < 16; ++attempt) {
    new_file_ = ::open(new_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (new_file_ < 0) return cannot_write(path_, errno);
    if (::flock(new_file_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      ::close(new_file_);
      new_file_ = -1;
      if (error != EWOULDBLOCK) return cannot_write(path_, error);
      return Error(ErrorClass::system, "E_CHECKPOINT_FILE", "another run uses the checkpoint file " + path_,
                   path_, "wait for it to end, or give this run a checkpoint file of its own");
    }
    if (same_file(new_file_, new_path_)) return {};
    // The process that held the lock has just renamed or removed the file under us.
    ::close(new_file_);
    new_file_ = -1;
  }
  return Error(ErrorClass::system, "E_CHECKPOINT_FILE",
               "the checkpoint file " + path_ + " changes all the time", path_,
               "give every job a checkpoint file of its own");
}

CheckpointFile::~CheckpointFile() {
  if (new_file_ < 0) return;
  // While the lock is held: afterwards the name may be another process's.
  if (!stored_) ::unlink(new_path_.c_str());
  ::close(new_file_);
}

Status CheckpointFile::store(std::string_view checkpoint) {
  const std::string text = std::string(checkpoint) + "\n";
  struct stat old {};
  // The new file is as open or closed to others as the one it replaces.
  if (::stat(path_.c_str(), &old) == 0 && ::fchmod(new_file_, old.st_mode & 07777u) != 0)
    return cannot_write(path_, errno);
  if (::ftruncate(new_file_, 0) != 0) return cannot_write(path_, errno);
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t done = ::pwrite(new_file_, text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return cannot_write(path_, done < 0 ? errno : EIO);
    at += static_cast<std::size_t>(done);
  }
  if (::fsync(new_file_) != 0) return cannot_write(path_, errno);
  if (::rename(new_path_.c_str(), path_.c_str()) != 0) return cannot_write(path_, errno);
  stored_ = true;
  // The name becomes durable with the folder. Some file systems cannot sync a folder; the data are safe
  // there.
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    (void)::fsync(directory);
    ::close(directory);
  }
  return {};
}

}  // namespace sluice::host::cli
