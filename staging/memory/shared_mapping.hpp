// One anonymous file mapped into this process; another process can map the same bytes through its
// descriptor.
#pragma once

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
  // Gives the pages of a page-aligned range back to the system; they read as zero afterwards.
  void decommit(uint64_t offset, uint64_t bytes) const;

  std::byte* at(uint64_t offset) const { return base_ + offset; }
  // Where an address lies, for another process; nothing when it lies elsewhere.
  std::optional<SharedPlace> place_of(const std::byte* address) const;
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
};

}  // namespace sluice::staging
