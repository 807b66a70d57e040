// Staging providers: the buffer between source and sink. `memory` implements these classes natively; a
// plugin's provider derives from them too and is exported like an endpoint. The rules per function are in
// abi/staging.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sluice/abi/staging.h"
#include "sluice/error.hpp"

namespace sluice {

enum class Durability : uint32_t {
  memory = SLUICE_DURABILITY_MEMORY,  // lost with the process
  os = SLUICE_DURABILITY_OS,          // survives the process
  disk = SLUICE_DURABILITY_DISK,      // survives power loss
};

constexpr std::string_view to_string(Durability durability) {
  switch (durability) {
    case Durability::memory:
      return "memory";
    case Durability::os:
      return "os";
    case Durability::disk:
      return "disk";
  }
  return "memory";
}

struct StagingRequest {
  uint32_t slice_count = 1;
  Durability durability = Durability::memory;  // at least this
  bool fail_when_full = false;                 // else claim blocks
  uint64_t max_bytes = 0;                      // of all streams together
  uint64_t max_batch_bytes = 0;                // the usual frame is about this large
  std::string run_id, unit_key;
  std::string stage_id;  // empty: a new session; else that one again
};

struct StagingStats {
  uint64_t used_bytes = 0, peak_bytes = 0, capacity_bytes = 0;
  std::chrono::nanoseconds blocked{0}, starved{0};
};

// The writing end of one slice's stream. [one thread at a time]
class StagingWriter {
 public:
  virtual ~StagingWriter() = default;
  virtual Status claim(uint64_t min_bytes, std::span<std::byte>& out) = 0;
  virtual Status publish(uint64_t bytes) = 0;
  virtual void abandon() = 0;
  virtual Status seal() = 0;
};

// The reading end of one slice's stream. [one thread at a time]
class StagingReader {
 public:
  enum class Next { frame, end, nothing_yet };

  virtual ~StagingReader() = default;
  // The next frame in order, valid until released.
  virtual Status next(std::chrono::milliseconds wait, Next& kind, std::span<const std::byte>& frame) = 0;
  virtual void release() = 0;
  virtual Status acknowledge(uint64_t sequence) = 0;
};

// The buffer of one run. Writers and readers live as long as the session. Destroying it frees what is not
// kept.
class StagingSession {
 public:
  virtual ~StagingSession() = default;
  virtual std::string_view id() const = 0;
  virtual StagingWriter& writer(uint32_t slice) = 0;
  virtual StagingReader& reader(uint32_t slice) = 0;
  virtual void cancel() = 0;               // [any thread]
  virtual StagingStats stats() const = 0;  // [any thread]
  // Before destruction: leave the data for another process, as far as the provider can.
  virtual void keep() = 0;
};

// [any thread] Outlives its sessions.
class StagingProvider {
 public:
  virtual ~StagingProvider() = default;
  virtual Durability strongest_durability() const = 0;
  // The largest frame that a session of this request can take.
  virtual uint64_t max_frame_bytes(const StagingRequest& request) const = 0;
  virtual Status open(const StagingRequest& request, std::unique_ptr<StagingSession>& out) = 0;
};

}  // namespace sluice
