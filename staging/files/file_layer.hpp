// Everything that durable staging asks of a file system. Tests and `sluice prove` stand in their own layer,
// which fails or cuts the process off at any step.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sluice/error.hpp"

namespace sluice::staging {

// An open file. Owns its descriptor, and with it a lock taken on it.
class File {
 public:
  File() = default;
  File(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  File(File&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

 private:
  int descriptor_ = -1;
  std::string path_;
};

// A file mapped shared. Stays valid when the File is closed.
class Mapping {
 public:
  Mapping() = default;
  Mapping(std::byte* base, uint64_t bytes) : base_(base), bytes_(bytes) {}
  Mapping(Mapping&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  std::byte* at(uint64_t offset) const { return base_ + offset; }
  uint64_t bytes() const { return bytes_; }
  explicit operator bool() const { return base_ != nullptr; }

 private:
  std::byte* base_ = nullptr;
  uint64_t bytes_ = 0;
};

struct FileSystemFacts {
  bool network = false;
  bool read_only = false;
  std::string type;  // for people; "" when it is not a known one
  uint64_t free_bytes = 0;
};

// Functions give 0 or an errno value. [any thread]
class FileLayer {
 public:
  enum class Access { read, write };

  virtual ~FileLayer() = default;

  virtual int make_folder(const std::string& path) = 0;
  // A new file of `bytes` that are reserved on the disk, so that no later store into it can fail for want of
  // room. EEXIST when it is there.
  virtual int create(const std::string& path, uint64_t bytes, File& out) = 0;
  virtual int open(const std::string& path, Access access, File& out) = 0;
  virtual int size(const File& file, uint64_t& out) = 0;
  virtual int read(const File& file, uint64_t offset, std::span<std::byte> to, size_t& got) = 0;
  // All of it, or an error.
  virtual int write(const File& file, uint64_t offset, std::span<const std::byte> from) = 0;
  virtual int map(const File& file, uint64_t bytes, Access access, Mapping& out) = 0;
  // The store that makes a batch visible: nothing written before it is seen after it.
  virtual void commit(const std::string& path, std::atomic_ref<uint64_t> word, uint64_t value) = 0;
  // What the file holds survives power loss.
  virtual int sync(const File& file) = 0;
  // So do the names in the folder.
  virtual int sync_folder(const std::string& path) = 0;
  virtual int rename(const std::string& from, const std::string& to) = 0;
  virtual int remove(const std::string& path) = 0;
  virtual int remove_folder(const std::string& path) = 0;
  virtual int list(const std::string& path, std::vector<std::string>& names) = 0;
  // EWOULDBLOCK when another one has it. Held until the File is closed, or the process ends, however it ends.
  virtual int lock(const File& file) = 0;
  virtual int facts(const std::string& path, FileSystemFacts& out) = 0;
};

// What a failed call means, in words: `doing` is a verb ("create"), `bytes` what it needed, 0 when that says
// nothing. A full disk is transient; what is missing is E_STAGING_MISSING.
Error file_error(const std::string& doing, const std::string& path, int error, uint64_t bytes = 0);

}  // namespace sluice::staging
