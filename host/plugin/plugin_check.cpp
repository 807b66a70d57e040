#include "host/plugin/plugin_check.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace sluice::host {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string system_text(int error) {
  return std::generic_category().message(error);
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

Status read_file(PluginCandidate& plugin) {
  // Not blocking, so that a FIFO of that name cannot hold the host.
  FileDescriptor file(::open(plugin.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    int error = errno;
    if (error == ELOOP) return refuse(Refusal::not_regular, plugin.path, "it is a symbolic link");
    if (error == ENXIO || error == ENODEV)
      return refuse(Refusal::not_regular, plugin.path, system_text(error));
    return refuse(Refusal::unreadable, plugin.path, system_text(error));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return refuse(Refusal::unreadable, plugin.path, system_text(errno));
  if (!S_ISREG(status.st_mode)) return refuse(Refusal::not_regular, plugin.path);
  if (auto reason = distrust(status)) return refuse(Refusal::permissions, plugin.path, *reason);
  auto size = static_cast<uint64_t>(status.st_size);
  if (size > max_plugin_bytes)
    return refuse(
        Refusal::too_large, plugin.path,
        std::to_string(size) + " bytes; at most " + std::to_string(max_plugin_bytes) + " are allowed");

  plugin.bytes.resize(size);
  size_t got = 0;
  while (got < plugin.bytes.size()) {
    ssize_t more = ::read(file.get(), plugin.bytes.data() + got, plugin.bytes.size() - got);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return refuse(Refusal::unreadable, plugin.path, system_text(errno));
    if (more == 0) return refuse(Refusal::damaged, plugin.path, "it became shorter while it was read");
    got += static_cast<size_t>(more);
  }
  return {};
}

Status read_elf(PluginCandidate& plugin) {
  Result<ElfImage> image = ElfImage::parse(plugin.bytes, plugin.path);
  if (!image) return std::move(image).error();
  plugin.image = *std::move(image);
  return {};
}

Status read_note(PluginCandidate& plugin) {
  auto section = plugin.image->section(SLUICE_NOTE_SECTION);
  if (!section) return refuse(Refusal::no_note, plugin.path);
  Result<PluginNote> note = read_plugin_note(*section, plugin.path);
  if (!note) return std::move(note).error();
  plugin.note = *std::move(note);
  return {};
}

Status check_entry_symbol(PluginCandidate& plugin) {
  const DynamicSymbol* symbol = plugin.image->find_symbol(SLUICE_PLUGIN_SYMBOL);
  if (!symbol || !symbol->exported) return refuse(Refusal::no_entry, plugin.path);
  if (!symbol->is_object) return refuse(Refusal::entry, plugin.path, "it is not data");
  if (symbol->size < sizeof(sluice_plugin))
    return refuse(Refusal::entry, plugin.path,
                  "it is " + std::to_string(symbol->size) + " bytes long and must be at least " +
                      std::to_string(sizeof(sluice_plugin)));
  return {};
}

Status check_abi(PluginCandidate& plugin) {
  return check_abi_range(plugin.note->abi_oldest, plugin.note->abi_version, plugin.path);
}

Status read_descriptor(PluginCandidate& plugin) {
  Result<PluginDescriptor> descriptor = parse_descriptor(plugin.note->descriptor_text, plugin.path);
  if (!descriptor) return std::move(descriptor).error();
  plugin.descriptor = *std::move(descriptor);
  return {};
}

}  // namespace sluice::host
