// A private, sealed copy of a plugin's bytes in memory. What is checked, hashed and loaded are these bytes:
// whatever happens to the operator's file afterwards harms nothing. docs/decisions/private-copy-in-memory.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "host/plugin/refusal.hpp"
#include "host/result.hpp"

namespace sluice::host {

// SHA-256 as 64 lower-case hex digits.
std::string sha256_of(std::span<const uint8_t> bytes);

// Immutable; [any thread].
class PluginImage {
 public:
  // `file` names the copy for those who look at the process, and the file in errors. Fails with the refusal
  // copy_failed.
  static Result<std::shared_ptr<const PluginImage>> make(std::span<const uint8_t> bytes,
                                                         const std::filesystem::path& file);
  ~PluginImage();
  PluginImage(const PluginImage&) = delete;
  PluginImage& operator=(const PluginImage&) = delete;

  // Closed on exec; valid as long as the image. Nobody can write to it, make it shorter or longer.
  int descriptor() const { return descriptor_; }
  // Under which this process can load it: /proc/self/fd/N. The C library remembers that name, so the image of
  // a library that was loaded lives as long as the process.
  std::filesystem::path load_path() const;
  const std::string& digest() const { return digest_; }
  uint64_t size() const { return size_; }

 private:
  PluginImage(int descriptor, std::string digest, uint64_t size)
      : descriptor_(descriptor), digest_(std::move(digest)), size_(size) {}

  const int descriptor_;
  const std::string digest_;
  const uint64_t size_;
};

}  // namespace sluice::host
