// The bytes of a file as a stream: plain, gzip or zstd.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "unique_fd.hpp"

namespace sluice::file {

enum class Compression { none, gzip, zstd };

// "auto", "none", "gzip", "zstd"; "auto" goes by the path's extension (.gz, .zst, .zstd).
Compression compression_of(const std::string& setting, const std::string& path);

// [one thread] Errors: E_FILE_READ, E_FILE_DAMAGED.
class ByteInput {
 public:
  virtual ~ByteInput() = default;

  // At least one byte of content, as many as are at hand up to `size`; 0: the end. What was good before
  // damage is given first, the damage is thrown by the next call.
  virtual size_t read(char* to, size_t size) = 0;
  // The file's own bytes that were consumed; for plain files the content's offset.
  virtual uint64_t consumed() const = 0;
  // Plain files only: whether seek() works.
  virtual bool seekable() const { return false; }
  virtual void seek(uint64_t offset);
  // Size of the file when it was opened.
  uint64_t file_bytes() const { return file_bytes_; }
  const std::string& path() const { return path_; }

 protected:
  ByteInput(std::string path, UniqueFd fd, uint64_t bytes)
      : path_(std::move(path)), fd_(std::move(fd)), file_bytes_(bytes) {}
  // Like read(2), repeated when interrupted.
  size_t read_file(char* to, size_t size);

  const std::string path_;
  const UniqueFd fd_;
  const uint64_t file_bytes_;
};

// A decoder's view of the compressed bytes: a window that is refilled from the file.
class CompressedInput : public ByteInput {
 public:
  uint64_t consumed() const override { return taken_; }

 protected:
  CompressedInput(std::string path, UniqueFd fd, uint64_t bytes)
      : ByteInput(std::move(path), std::move(fd), bytes), window_(size_t{256} << 10) {}

  // Undecoded bytes; refilled from the file when none are left. Empty: the end of the file.
  std::string_view window();
  void take(size_t bytes) {
    begin_ += bytes;
    taken_ += bytes;
  }

 private:
  std::vector<char> window_;
  size_t begin_ = 0, end_ = 0;
  uint64_t taken_ = 0;
};

// E_FILE_OPEN when it cannot be opened or is no regular file.
std::unique_ptr<ByteInput> open_input(const std::string& path, Compression compression);

std::unique_ptr<ByteInput> make_gzip_input(std::string path, UniqueFd fd, uint64_t bytes);
std::unique_ptr<ByteInput> make_zstd_input(std::string path, UniqueFd fd, uint64_t bytes);

}  // namespace sluice::file
