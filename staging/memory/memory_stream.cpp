#include "staging/memory/memory_stream.hpp"

#include <bit>
#include <cstring>
#include <string>

#include "sluice/abi/frame.h"
#include "staging/stopwatch.hpp"

namespace sluice::staging {

namespace {

Status cancelled_error() {
  return Error(ErrorClass::cancelled, "E_CANCELLED", "memory staging: the run was asked to stop");
}

Status misuse(const std::string& what) {
  return Error(ErrorClass::system, "E_STAGING_ORDER", "memory staging: " + what);
}

}  // namespace

MemoryStream::MemoryStream(const SharedMapping& mapping, uint64_t base, const PoolShape& shape,
                           MemoryBudget& budget, uint64_t more, SessionMeter& meter, bool fail_when_full)
    : mapping_(mapping),
      largest_(std::min<uint64_t>(shape.quota, SLUICE_FRAME_MAX_BYTES)),
      fail_when_full_(fail_when_full),
      meter_(meter),
      budget_(budget),
      pool_(mapping, base, shape, budget, more),
      mask_(std::bit_ceil(uint64_t{pool_.max_blocks()} + 1) - 1),
      ring_(new Entry[mask_ + 1]) {}

Status MemoryStream::claim(uint64_t min_bytes, std::span<std::byte>& out) {
  if (cancelled()) return cancelled_error();
  if (claimed_) return misuse("a second claim while one is open");
  if (sealed_.load(std::memory_order_relaxed)) return misuse("a claim after the end of the stream");
  if (min_bytes > largest_)
    return Error(ErrorClass::config, "E_BATCH_TOO_LARGE",
                 "a frame of " + std::to_string(min_bytes) + " bytes can never fit: the stream has " +
                     std::to_string(largest_) + " of the session's " + std::to_string(meter_.capacity) +
                     " bytes")
        .try_this("raise staging.maxBytes, or make batches smaller");
  std::optional<uint32_t> block = pool_.take(min_bytes);
  if (!block) {
    const Stopwatch blocked(meter_.blocked);
    while (!block) {
      if (Status status = wait_for_room(min_bytes); !status.ok()) return status;
      block = pool_.take(min_bytes);
    }
  }
  claimed_ = block;
  meter_.take(pool_.size(*block));
  out = pool_.room(*block);
  return {};
}

Status MemoryStream::full(uint64_t bytes) const {
  std::string message = "memory staging is full: " + std::to_string(meter_.used.load()) + " of " +
                        std::to_string(meter_.capacity) + " bytes are used, a frame of " +
                        std::to_string(bytes) + " bytes found no room";
  if (pool_.short_of_budget())
    message += "; all sessions together hold " + std::to_string(budget_.reserved()) + " of " +
               std::to_string(budget_.cap()) + " bytes";
  return Error(ErrorClass::transient, "E_STAGING_FULL", std::move(message))
      .try_this("raise staging.maxBytes, or let staging.whenFull be block");
}

// Waits until trying again is worth it. Usual blocks are bound to come back from the stream's own reader;
// only a large frame may have to wait for other sessions.
Status MemoryStream::wait_for_room(uint64_t bytes) {
  if (fail_when_full_) return full(bytes);
  if (pool_.short_of_budget() && !pool_.any_out()) {
    if (!pool_.ever_possible(bytes)) return full(bytes);
    const uint64_t seen = budget_.generation();
    budget_.add_waiter(&writer_waits_);
    // Something may have been given back between the failed attempt and `seen`.
    const std::optional<uint32_t> block = pool_.take(bytes);
    if (block)
      pool_.put_back(*block);
    else
      writer_waits_.wait([&] { return cancelled() || budget_.generation() != seen; });
    budget_.remove_waiter(&writer_waits_);
  } else {
    writer_waits_.wait([&] { return cancelled() || pool_.returned(); });
  }
  return cancelled() ? cancelled_error() : Status();
}

Status MemoryStream::publish(uint64_t bytes) {
  if (!claimed_) return misuse("a publish without a claim");
  if (bytes > pool_.size(*claimed_))
    return misuse("a publish of " + std::to_string(bytes) + " bytes out of a claim of " +
                  std::to_string(pool_.size(*claimed_)));
  pool_.note_frame(bytes);
  entry(next_index_) = {*claimed_, bytes};
  claimed_.reset();
  published_.store(++next_index_);
  reader_waits_.wake();
  return {};
}

void MemoryStream::abandon() {
  if (!claimed_) return;
  meter_.give(pool_.size(*claimed_));
  pool_.put_back(*claimed_);
  claimed_.reset();
}

Status MemoryStream::seal(SealedAs) {
  if (claimed_) return misuse("the end of the stream while a claim is open");
  sealed_.store(true);
  reader_waits_.wake();
  return {};
}

Status MemoryStream::next(std::chrono::milliseconds wait, Next& kind, std::span<const std::byte>& frame) {
  frame = {};
  kind = Next::nothing_yet;
  if (cancelled()) return cancelled_error();
  if (published_.load(std::memory_order_acquire) == read_) {
    const auto ready = [this] { return cancelled() || published_.load() != read_ || sealed_.load(); };
    if (!ready()) {
      if (wait <= std::chrono::milliseconds::zero()) return {};
      const Stopwatch starved(meter_.starved);
      // Bounded, so that adding it to the clock cannot overflow.
      const auto bounded = std::min(wait, std::chrono::milliseconds(std::chrono::hours(24)));
      if (!reader_waits_.wait(ready, Waiter::Clock::now() + bounded)) return {};
    }
    if (cancelled()) return cancelled_error();
    if (published_.load() == read_) {  // sealed, and nothing was published before that
      kind = Next::end;
      return {};
    }
  }
  const Entry& at = entry(read_++);
  frame = pool_.room(at.block).first(at.bytes);
  if (frame.size() >= sizeof(sluice_frame_header)) {
    sluice_frame_header header;
    std::memcpy(&header, frame.data(), sizeof header);
    last_read_ = header.sequence;
  }
  kind = Next::frame;
  return {};
}

void MemoryStream::release() {
  if (released_ == read_) return;
  const uint32_t block = entry(released_++).block;
  meter_.give(pool_.size(block));
  pool_.give(block);
  writer_waits_.wake();
}

Status MemoryStream::acknowledge(uint64_t sequence, std::string_view) {
  if (!last_read_ || sequence > *last_read_)
    return misuse("frame " + std::to_string(sequence) + " is acknowledged and was not read yet");
  if (last_acknowledged_ && sequence < *last_acknowledged_)
    return misuse("frame " + std::to_string(sequence) + " is acknowledged after frame " +
                  std::to_string(*last_acknowledged_));
  last_acknowledged_ = sequence;
  return {};
}

void MemoryStream::wake_both() {
  writer_waits_.wake();
  reader_waits_.wake();
}

}  // namespace sluice::staging
