// A staging folder of its own for each test, and providers on it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "staging/files/posix_files.hpp"
#include "staging/mmap/mmap_provider.hpp"

namespace sluice::staging {

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-mmap-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path staging() const { return folder_ / "staging"; }
  MmapSettings settings() const { return {.folder = staging().string(), .min_free = 0}; }

 private:
  std::filesystem::path folder_;
};

inline FileLayer& posix_files() {
  static PosixFiles files;
  return files;
}

}  // namespace sluice::staging
