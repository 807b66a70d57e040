// The operator's file of a plugin: whether it can be trusted, which state of it this is, and its bytes.
#pragma once

#include <sys/stat.h>

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin/refusal.hpp"
#include "host/result.hpp"

namespace sluice::host {

constexpr uint64_t max_plugin_bytes = uint64_t{1} << 30;

// Why others than root and the host's user could change what
// has this status, in words; nothing when they cannot.
std::optional<std::string> distrust(const struct stat& status);

// The folder can be listed and trusted.
Status check_folder(const std::filesystem::path& folder);

// Tells states of a file apart without reading it: two that are equal have the same bytes. The time of change
// can be set by nobody.
struct FileIdentity {
  uint64_t size = 0;
  int64_t modified_ns = 0, changed_ns = 0;
  uint64_t inode = 0, device = 0;
  bool operator==(const FileIdentity&) const = default;
};

// Owns a descriptor. Bytes are read through the descriptor that was checked.
class PluginFile {
 public:
  // A regular file (no link), trusted, of bounded size. Fails with the refusals not_regular, unreadable,
  // permissions and too_large.
  static Result<PluginFile> open(const std::filesystem::path& path);
  PluginFile(PluginFile&& other) noexcept;
  PluginFile& operator=(PluginFile&&) = delete;
  ~PluginFile();

  // As it was when the file was opened.
  const FileIdentity& identity() const { return identity_; }
  // What changes the file once this has begun changes its identity too, which may cost a tick of the kernel's
  // clock.
  Result<std::vector<uint8_t>> read() const;

 private:
  PluginFile(std::filesystem::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::filesystem::path path_;
  int descriptor_;
  FileIdentity identity_;
};

}  // namespace sluice::host
