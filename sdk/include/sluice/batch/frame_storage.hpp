// Owned storage for frames outside staging: aligned as frames are, and not zeroed before it is filled.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "sluice/abi/frame.h"

namespace sluice {

namespace detail {

template <class T>
struct FrameAllocator {
  using value_type = T;

  FrameAllocator() = default;
  template <class U>
  FrameAllocator(const FrameAllocator<U>&) {}  // NOLINT(google-explicit-constructor)

  T* allocate(size_t count) {
    return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{SLUICE_FRAME_ALIGNMENT}));
  }
  void deallocate(T* at, size_t) { ::operator delete (at, std::align_val_t{SLUICE_FRAME_ALIGNMENT}); }
  // resize() leaves new elements as they are: whoever builds a frame writes each byte of it.
  template <class U>
  void construct(U* at) {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }
  bool operator==(const FrameAllocator&) const { return true; }
};

}  // namespace detail

using FrameBytes = std::vector<std::byte, detail::FrameAllocator<std::byte>>;

}  // namespace sluice
