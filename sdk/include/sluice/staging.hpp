// Staging providers: the buffer between source and sink. `memory` implements these classes natively; a
// plugin's provider derives from them too and is exported like an endpoint. The rules per function are in
// abi/staging.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// Which ends of a session's streams its opener uses. Each end has one owner at a time.
enum class StagingEnds : uint32_t {
  both = SLUICE_STAGING_BOTH,
  writer = SLUICE_STAGING_WRITER,
  reader = SLUICE_STAGING_READER,
};

// How a stream was sealed.
enum class SealedAs : uint32_t {
  finished = SLUICE_SEAL_FINISHED,  // the source has no more
  limited = SLUICE_SEAL_LIMITED,    // it stopped at a limit of the policy; there may be more
  cut_off = SLUICE_SEAL_CUT_OFF,    // it failed or was stopped; the stream may be gone on with
};

struct StagingRequest {
  uint32_t slice_count = 1;
  Durability durability = Durability::memory;  // at least this
  bool fail_when_full = false;                 // else claim blocks
  uint64_t max_bytes = 0;                      // of all streams together
  uint64_t max_batch_bytes = 0;                // the usual frame is about this large
  std::string run_id, unit_key;
  std::string stage_id;  // empty: a new session; else that one again, or with `create` make it
  bool create = false;   // a new session under the name `stage_id`
  StagingEnds ends = StagingEnds::both;
  std::string note;  // of a new session: kept with it from its first moment; see StagingSession::annotate
};

// Where one stream of a session stands, for whoever opens it again.
struct StagingStreamState {
  uint64_t first = 0;  // sequence of the oldest frame still needed
  uint64_t next = 0;   // one past the newest whole frame
  bool sealed = false;
  SealedAs how = SealedAs::finished;
  bool writer_alive = false;                 // another process has the writing end
  bool forgotten = false;                    // frames after the last acknowledged one are gone
  std::string committed;                     // the checkpoint of the last acknowledgement, JSON; empty: none
  std::string checkpoint;                    // the newest that was staged, JSON; empty: none
  uint64_t after_checkpoint = 0;             // one past the frame that brought it
  uint64_t lost_frames = 0, lost_bytes = 0;  // damaged and left out
  std::vector<std::string> set_aside;        // files that hold the damaged bytes
};

struct StagingStats {
  uint64_t used_bytes = 0, peak_bytes = 0, capacity_bytes = 0;
  std::chrono::nanoseconds blocked{0}, starved{0};
};

// Where bytes of a stream lie in a file that another process can map.
struct SharedPlace {
  int descriptor = -1;        // of the file, borrowed
  uint64_t region = 0;        // differs from one mapping of the session to the next; below 2^63
  uint64_t offset = 0;        // in the file
  uint64_t region_bytes = 0;  // of the file that may be mapped
};

// The writing end of one slice's stream. [one thread at a time]
class StagingWriter {
 public:
  virtual ~StagingWriter() = default;
  virtual Status claim(uint64_t min_bytes, std::span<std::byte>& out) = 0;
  virtual Status publish(uint64_t bytes) = 0;
  virtual void abandon() = 0;
  virtual Status seal(SealedAs how) = 0;
  // Where the open claim lies; nothing when only this process can reach it.
  virtual std::optional<SharedPlace> shared_place(const std::byte* /*in_claim*/) const {
    return std::nullopt;
  }
};

// The reading end of one slice's stream. [one thread at a time]
class StagingReader {
 public:
  enum class Next { frame, end, nothing_yet };

  virtual ~StagingReader() = default;
  // The next frame in order, valid until released. Damaged frames are left out: see StagingStreamState.
  virtual Status next(std::chrono::milliseconds wait, Next& kind, std::span<const std::byte>& frame) = 0;
  virtual void release() = 0;
  // Everything up to `sequence` is committed. `checkpoint`: the source's newest at or before it, JSON; empty:
  // as at the last call.
  virtual Status acknowledge(uint64_t sequence, std::string_view checkpoint) = 0;
  // Frames up to `sequence` may go though they are not committed; then nobody can begin again from staging
  // until a later acknowledge.
  virtual Status forget(uint64_t) { return {}; }
  // The writer waits, or soon will, for room that only acknowledge or forget can give.
  virtual bool wants_room() const { return false; }
  // Where a frame that is held lies; nothing when only this process can reach it, or it is not this stream's.
  virtual std::optional<SharedPlace> shared_place(const std::byte* /*in_frame*/) const {
    return std::nullopt;
  }
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

  // The rest is for sessions that outlive their process; see the provider's resumable().
  virtual Status state(uint32_t /*slice*/, StagingStreamState& out) const {
    out = {};
    return {};
  }
  // Before the first claim and next: the reader begins with `read_from`, the writer goes on with
  // `write_from`, and what is staged from there on is dropped. `as_it_is` leaves an end alone.
  static constexpr uint64_t as_it_is = UINT64_MAX;
  virtual Status rewind(uint32_t /*slice*/, uint64_t /*read_from*/, uint64_t /*write_from*/) {
    return Error(ErrorClass::config, "E_STAGE_UNKNOWN", "sessions of this provider cannot be opened again");
  }
  // Keeps a text with the session, durable as its frames are; replaces the one before. [any thread]
  virtual Status annotate(std::string_view) { return {}; }
  virtual std::string note() const { return {}; }
};

// [any thread] Outlives its sessions.
class StagingProvider {
 public:
  virtual ~StagingProvider() = default;
  virtual Durability strongest_durability() const = 0;
  // Whether a session that was kept, or whose process died, can be opened again.
  virtual bool resumable() const { return strongest_durability() >= Durability::os; }
  // The largest frame that a session of this request can take.
  virtual uint64_t max_frame_bytes(const StagingRequest& request) const = 0;
  virtual Status open(const StagingRequest& request, std::unique_ptr<StagingSession>& out) = 0;
};

}  // namespace sluice
