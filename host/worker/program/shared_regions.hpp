// Staging memory of the host, mapped as it is first spoken of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "host/worker/channel.hpp"

namespace sluice::worker {

// [one instance's thread]
class SharedRegions {
 public:
  explicit SharedRegions(bool writable) : writable_(writable) {}
  SharedRegions(const SharedRegions&) = delete;
  SharedRegions& operator=(const SharedRegions&) = delete;
  ~SharedRegions();

  // Where the place is in this process; null when it makes no sense, or cannot be mapped. Descriptors that
  // came with the message are closed as soon as they are mapped, so that the plugin cannot truncate what the
  // host has mapped.
  std::byte* find(const host::PlaceMessage& place, host::Received& message);

 private:
  struct Region {
    std::byte* base;
    uint64_t bytes;
  };
  bool writable_;
  std::map<uint64_t, Region> regions_;
};

}  // namespace sluice::worker
