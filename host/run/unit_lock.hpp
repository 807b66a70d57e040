// Keeps two runs of one unit into one sink apart, in this process and in others on this machine.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "host/result.hpp"

namespace sluice::host {

// Held by the kernel: it ends with the process, however that ends, and is never taken over by time.
class UnitLock {
 public:
  // `identity` names unit and sink; equal texts exclude each other. E_UNIT_BUSY (transient) when another run
  // has it.
  static Result<UnitLock> take(const std::string& identity, const std::string& unit_id,
                               const std::filesystem::path& folder);
  // $XDG_RUNTIME_DIR/sluice, else /tmp/sluice-<uid>.
  static std::filesystem::path default_folder();

  UnitLock(UnitLock&& other) noexcept
      : file_(std::exchange(other.file_, -1)), path_(std::move(other.path_)) {}
  UnitLock& operator=(UnitLock&&) = delete;
  ~UnitLock();

 private:
  UnitLock(int file, std::filesystem::path path) : file_(file), path_(std::move(path)) {}
  int file_;  // -1 after a move
  std::filesystem::path path_;
};

}  // namespace sluice::host
