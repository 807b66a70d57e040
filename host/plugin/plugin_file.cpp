#include "host/plugin/plugin_file.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace sluice::host {
namespace {

std::string system_text(int error) {
  return std::generic_category().message(error);
}

int64_t nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileIdentity identity_of(const struct stat& status) {
  return {static_cast<uint64_t>(status.st_size), nanoseconds(status.st_mtim), nanoseconds(status.st_ctim),
          status.st_ino, status.st_dev};
}

// Until the kernel's clock has gone on since the file changed: before it has, kernels older than 6.13 give a
// further change the same time. Nothing, when the change is not of this moment.
void wait_out_tick(int64_t changed_ns) {
  constexpr int64_t longest_tick = 10'000'000;
  constexpr timespec pause{0, 1'000'000};
  for (int tries = 0; tries < 20; ++tries) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    const int64_t age = nanoseconds(now) - changed_ns;
    if (age > 0 || age < -longest_tick) return;
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace

std::optional<std::string> distrust(const struct stat& status) {
  if (status.st_mode & S_IWOTH) return "everybody may write to it";
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return "it belongs to user " + std::to_string(status.st_uid) +
           ", who is neither root nor the host's user (" + std::to_string(::geteuid()) + ")";
  return std::nullopt;
}

Status check_folder(const std::filesystem::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return refuse(Refusal::folder, folder, system_text(errno));
  if (!S_ISDIR(status.st_mode)) return refuse(Refusal::folder, folder, system_text(ENOTDIR));
  if (auto reason = distrust(status)) return refuse(Refusal::folder_permissions, folder, *reason);
  return {};
}

PluginFile::PluginFile(PluginFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      identity_(other.identity_) {}

PluginFile::~PluginFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<PluginFile> PluginFile::open(const std::filesystem::path& path) {
  // Not blocking, so that a FIFO of that name cannot hold the host.
  PluginFile file(path, ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (file.descriptor_ < 0) {
    int error = errno;
    if (error == ELOOP) return refuse(Refusal::not_regular, path, "it is a symbolic link");
    if (error == ENXIO || error == ENODEV) return refuse(Refusal::not_regular, path, system_text(error));
    return refuse(Refusal::unreadable, path, system_text(error));
  }
  struct stat status {};
  if (::fstat(file.descriptor_, &status) != 0) return refuse(Refusal::unreadable, path, system_text(errno));
  if (!S_ISREG(status.st_mode)) return refuse(Refusal::not_regular, path);
  if (auto reason = distrust(status)) return refuse(Refusal::permissions, path, *reason);
  file.identity_ = identity_of(status);
  if (file.identity_.size > max_plugin_bytes)
    return refuse(Refusal::too_large, path,
                  std::to_string(file.identity_.size) + " bytes; at most " +
                      std::to_string(max_plugin_bytes) + " are allowed");
  return file;
}

Result<std::vector<uint8_t>> PluginFile::read() const {
  wait_out_tick(identity_.changed_ns);
  std::vector<uint8_t> bytes(identity_.size);
  size_t got = 0;
  while (got < bytes.size()) {
    ssize_t more = ::pread(descriptor_, bytes.data() + got, bytes.size() - got, static_cast<off_t>(got));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return refuse(Refusal::unreadable, path_, system_text(errno));
    if (more == 0) return refuse(Refusal::damaged, path_, "it became shorter while it was read");
    got += static_cast<size_t>(more);
  }
  return bytes;
}

}  // namespace sluice::host
