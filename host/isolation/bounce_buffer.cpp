#include "host/isolation/bounce_buffer.hpp"

#include <fcntl.h>
#include <sys/mman.h>

namespace sluice::host {

BounceBuffer::~BounceBuffer() {
  if (base_) ::munmap(base_, size_);
}

bool BounceBuffer::reserve(uint64_t bytes) {
  if (bytes <= size_) return true;
  constexpr uint64_t step = uint64_t{1} << 20;
  bytes = (bytes + step - 1) / step * step;
  UniqueFd file(::memfd_create("sluice-bounce", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) return false;
  // The worker must not be able to take it away under this process.
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return false;
  void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (base == MAP_FAILED) return false;
  if (base_) ::munmap(base_, size_);
  base_ = static_cast<std::byte*>(base);
  size_ = bytes;
  file_ = std::move(file);
  ++region_;
  return true;
}

}  // namespace sluice::host
