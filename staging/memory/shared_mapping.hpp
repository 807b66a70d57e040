// One anonymous file mapped into this process; another process can map the same bytes through its
// descriptor.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sluice/staging.hpp"

namespace sluice::staging {

// Pages take memory from their first touch until decommit(). Owns mapping and descriptor.
class SharedMapping {
 public:
  SharedMapping() = default;
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;
  ~SharedMapping();

  // `bytes` of address space, a multiple of page_bytes. E_STAGING_MEMORY when the system refuses. Once.
  Status create(uint64_t bytes);
  // Gives the pages of a page-aligned range back to the system; they read as zero afterwards. False when the
  // system refuses.
  bool decommit(uint64_t offset, uint64_t bytes) const;
  // Makes all bytes read as zero, of which the first `used` may be anything and those up to `kept` are zero
  // already. Of the first `kept` those that have memory keep it, no others. False when something may be left
  // of what they were. `used` <= `kept`, both multiples of page_bytes.
  [[nodiscard]] bool wipe(uint64_t used, uint64_t kept) const;

  std::byte* at(uint64_t offset) const { return base_ + offset; }
  uint64_t bytes() const { return bytes_; }
  // Where an address lies, for another process; nothing when it lies elsewhere. [any thread]
  std::optional<SharedPlace> place_of(const std::byte* address) const;
  // Whether another process may have the mapping, and write to it for as long as it likes. [any thread]
  bool shown() const { return shown_.load(std::memory_order_relaxed); }
  // Memory that is taken now.
  uint64_t committed_bytes() const;

  static constexpr uint64_t page_bytes = 4096;
  static constexpr uint64_t page_up(uint64_t bytes) {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
  }
  static constexpr uint64_t page_down(uint64_t bytes) { return bytes / page_bytes * page_bytes; }

 private:
  std::byte* base_ = nullptr;
  uint64_t bytes_ = 0;
  int descriptor_ = -1;
  mutable std::atomic<bool> shown_{false};
};

}  // namespace sluice::staging
