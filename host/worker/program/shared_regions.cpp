#include "host/worker/program/shared_regions.hpp"

#include <sys/mman.h>

namespace sluice::worker {

SharedRegions::~SharedRegions() {
  for (const auto& [key, region] : regions_) ::munmap(region.base, region.bytes);
}

std::byte* SharedRegions::find(const host::PlaceMessage& place, host::Received& message) {
  if (!message.descriptors.empty() && !regions_.contains(place.region)) {
    const host::UniqueFd file = std::move(message.descriptors.front());
    void* base = ::mmap(nullptr, place.region_bytes, writable_ ? PROT_READ | PROT_WRITE : PROT_READ,
                        MAP_SHARED | MAP_NORESERVE, file.get(), 0);
    if (base == MAP_FAILED) return nullptr;
    regions_.emplace(place.region, Region{static_cast<std::byte*>(base), place.region_bytes});
  }
  const auto found = regions_.find(place.region);
  if (found == regions_.end()) return nullptr;
  const Region& region = found->second;
  if (place.offset > region.bytes || place.bytes > region.bytes - place.offset) return nullptr;
  return region.base + place.offset;
}

}  // namespace sluice::worker
