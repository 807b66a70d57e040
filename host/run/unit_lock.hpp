// Keeps two runs of one unit into one sink apart, in this process and in others on this machine.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "host/result.hpp"

namespace sluice::host {

// A byte of one file, at a place that is a hash of the identity. Held by the kernel: it ends with the
// process, however that ends, and is never taken over by time.
class UnitLock {
 public:
  // `identity` names unit and sink; equal texts exclude each other. E_UNIT_BUSY (transient) when another run
  // has it.
  static Result<UnitLock> take(const std::string& identity, const std::string& unit_id,
                               const std::filesystem::path& folder);
  // $XDG_RUNTIME_DIR/sluice, else /tmp/sluice-<uid>.
  static std::filesystem::path default_folder();

  UnitLock(UnitLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  UnitLock& operator=(UnitLock&&) = delete;
  ~UnitLock();

 private:
  explicit UnitLock(int file) : file_(file) {}
  int file_;  // -1 after a move
};

}  // namespace sluice::host
