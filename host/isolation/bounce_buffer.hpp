// Memory shared with a worker for bytes that do not lie in shared memory by themselves: what a provider from
// a plugin stages, frames with durability disk before they are written, tables made into documents.
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/worker/unique_fd.hpp"

namespace sluice::host {

class BounceBuffer {
 public:
  BounceBuffer() = default;
  BounceBuffer(const BounceBuffer&) = delete;
  BounceBuffer& operator=(const BounceBuffer&) = delete;
  ~BounceBuffer();

  // At least so much room; what was in it is gone when it has to grow. False when there is none to be had.
  bool reserve(uint64_t bytes);

  std::byte* bytes() const { return base_; }
  uint64_t size() const { return size_; }
  int descriptor() const { return file_.get(); }
  // Differs from one piece of memory to the next, and from regions of staging.
  uint64_t region() const { return region_; }

 private:
  UniqueFd file_;
  std::byte* base_ = nullptr;
  uint64_t size_ = 0;
  uint64_t region_ = uint64_t{1} << 63;
};

}  // namespace sluice::host
