// What the streams of one open session share.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "staging/mmap/control_page.hpp"
#include "staging/mmap/damage.hpp"
#include "staging/mmap/manifest.hpp"
#include "staging/mmap/segment.hpp"
#include "staging/stopwatch.hpp"

namespace sluice::staging {

// Outlives the ends of the streams. Counters are [any thread].
struct SessionParts {
  SessionParts(FileLayer& layer, SessionFiles at, Manifest about, StagingEnds which, bool fails_when_full,
               uint64_t floor, std::string aside)
      : files(layer),
        names(std::move(at)),
        manifest(std::move(about)),
        shape{manifest.session_key, manifest.segment_bytes},
        ends(which),
        fail_when_full(fails_when_full),
        min_free(floor),
        damaged_in(std::move(aside)) {}

  bool to_disk() const { return manifest.durability == Durability::disk; }
  uint64_t capacity() const { return manifest.segment_bytes * manifest.segments * manifest.streams; }
  void take_segment() {
    const uint64_t now = used.fetch_add(shape.bytes, std::memory_order_relaxed) + shape.bytes;
    uint64_t before = peak.load(std::memory_order_relaxed);
    while (before < now && !peak.compare_exchange_weak(before, now, std::memory_order_relaxed)) {
    }
  }
  // Whether nobody has the lock of that end: its process has died or closed it. [any thread]
  bool is_free(const std::string& lock_path) const {
    File lock;
    int error = files.open(lock_path, FileLayer::Access::write, lock);
    if (error == 0) error = files.lock(lock);
    return error == 0 || error == ENOENT;  // any other error says nothing
  }
  void give_segment() { used.fetch_sub(shape.bytes, std::memory_order_relaxed); }

  FileLayer& files;
  const SessionFiles names;
  const Manifest manifest;  // but for the note
  const SegmentShape shape;
  const StagingEnds ends;
  const bool fail_when_full;
  const uint64_t min_free;  // bytes that staging leaves on the disk
  const std::string damaged_in;
  // How long a writer that has filled the session waits for a reader to come.
  std::chrono::milliseconds reader_grace{std::chrono::seconds(10)};
  bool syncs_apart = true;  // durability disk: on a thread of its own
  ControlPage control;
  std::atomic<uint64_t> used{0},
      peak{0};  // bytes of segments that this process writes to and may not recycle
  std::atomic<int64_t> blocked{0}, starved{0};  // nanoseconds
  std::atomic<bool> cancelled{false};
};

Status cancelled_error();
Status misuse(const std::string& what);

}  // namespace sluice::staging
