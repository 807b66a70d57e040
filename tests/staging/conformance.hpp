// What every staging provider must do, whatever it is made of. A provider's test file registers its subject:
//
//   static const bool registered = sluice::staging::add_conformance({.name = "memory", .make = [] { ... }});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sluice/staging.hpp"

namespace sluice::staging {

struct ConformanceSubject {
  std::string name;  // of the test suite
  // A provider with nothing in it; called once a test.
  std::function<std::unique_ptr<StagingProvider>()> make;
  Durability durability = Durability::memory;  // asked of each session
  // Sizes that suit the provider: room for several batches a stream, in three streams.
  uint64_t max_bytes = uint64_t{1} << 20;
  uint64_t max_batch_bytes = uint64_t{16} << 10;
};

// Adds a suite to the Boost.Test module. Gives true, to initialise a constant with.
bool add_conformance(const ConformanceSubject& subject);

}  // namespace sluice::staging
