#include "staging/memory/shared_mapping.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace sluice::staging {

SharedMapping::~SharedMapping() {
  if (base_) munmap(base_, bytes_);
  if (descriptor_ >= 0) close(descriptor_);
}

Status SharedMapping::create(uint64_t bytes) {
  const auto failed = [&](const char* call) -> Status {
    return Error(ErrorClass::system, "E_STAGING_MEMORY",
                 std::string(call) + " of " + std::to_string(bytes) +
                     " bytes for memory staging failed: " + std::strerror(errno))
        .try_this("lower staging.maxBytes or raise the limits of the process (ulimit -v, -f, -n)");
  };
  descriptor_ = memfd_create("sluice-staging", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor_ < 0) return failed("memfd_create");
  if (ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) return failed("ftruncate");
  // Whoever else maps it must not be able to take it away under this process.
  if (fcntl(descriptor_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return failed("fcntl");
  void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, descriptor_, 0);
  if (base == MAP_FAILED) return failed("mmap");
  base_ = static_cast<std::byte*>(base);
  bytes_ = bytes;
  return {};
}

bool SharedMapping::decommit(uint64_t offset, uint64_t bytes) const {
  return madvise(base_ + offset, bytes, MADV_REMOVE) == 0;
}

bool SharedMapping::wipe(uint64_t used, uint64_t kept) const {
  std::vector<unsigned char> pages(used / page_bytes);
  if (mincore(base_, used, pages.data()) != 0) pages.clear();
  uint64_t clean = 0;  // up to there
  for (uint64_t page = 0; page < pages.size(); ++page) {
    if ((pages[page] & 1u) == 0) continue;
    // Pages between may have been swapped out.
    const uint64_t offset = page * page_bytes;
    if (offset > clean && !decommit(clean, offset - clean)) return false;
    std::memset(base_ + offset, 0, page_bytes);
    clean = offset + page_bytes;
  }
  if (clean < used && !decommit(clean, used - clean)) return false;
  return kept == bytes_ || decommit(kept, bytes_ - kept);
}

std::optional<SharedPlace> SharedMapping::place_of(const std::byte* address) const {
  if (address < base_ || address >= base_ + bytes_) return std::nullopt;
  shown_.store(true, std::memory_order_relaxed);
  return SharedPlace{descriptor_, 1, static_cast<uint64_t>(address - base_), bytes_};
}

uint64_t SharedMapping::committed_bytes() const {
  struct stat about {};
  if (descriptor_ < 0 || fstat(descriptor_, &about) != 0) return 0;
  return static_cast<uint64_t>(about.st_blocks) * 512;
}

}  // namespace sluice::staging
