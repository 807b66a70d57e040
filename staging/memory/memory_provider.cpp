#include "staging/memory/memory_provider.hpp"

#include <algorithm>
#include <atomic>
#include <string>

#include "sluice/abi/frame.h"
#include "staging/memory/memory_session.hpp"
#include "staging/random_bits.hpp"

namespace sluice::staging {

namespace {

constexpr uint64_t default_batch_bytes = uint64_t{1} << 20;
// Address space is finite too: three times the quota of every stream must fit comfortably.
constexpr uint64_t most_session_bytes = uint64_t{1} << 42;
constexpr uint32_t most_streams = 4096;

// No more than the cap, so that a session alone can always have what it was promised.
uint64_t stream_quota(const StagingRequest& request, uint64_t cap) {
  const uint64_t bytes = std::min({request.max_bytes, cap, most_session_bytes});
  return SharedMapping::page_down(bytes / std::max(request.slice_count, 1u));
}

// A batch with its offsets, directory and checkpoint, and the last record that made it full.
uint64_t usual_block(const StagingRequest& request, uint64_t quota) {
  const uint64_t batch = request.max_batch_bytes ? request.max_batch_bytes : default_batch_bytes;
  const uint64_t wanted = SharedMapping::page_up(std::min(batch, quota) / 8 * 9 + (uint64_t{64} << 10));
  return std::min(wanted, SharedMapping::page_down(quota / 2));
}

// Unique among all processes of a machine, for those who write it down.
std::string new_stage_id() {
  static std::atomic<uint64_t> counter{0};
  return "mem-" + random_hex() + "-" + std::to_string(counter.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace

uint64_t MemoryProvider::max_frame_bytes(const StagingRequest& request) const {
  return std::min<uint64_t>(stream_quota(request, budget_.cap()), SLUICE_FRAME_MAX_BYTES);
}

Status MemoryProvider::open(const StagingRequest& request, std::unique_ptr<StagingSession>& out) {
  if (!request.stage_id.empty() && !request.create)
    return Error(ErrorClass::config, "E_STAGE_UNKNOWN",
                 "memory staging cannot open stage \"" + request.stage_id + "\" again: it ends with its run")
        .try_this("stage with a provider that survives, such as mmap");
  if (request.durability != Durability::memory)
    return Error(ErrorClass::config, "E_STAGING_DURABILITY",
                 "memory staging is lost with the process, and the policy asks for durability \"" +
                     std::string(to_string(request.durability)) + "\"")
        .try_this("use mmap staging, or set staging.durability to memory");
  if (request.slice_count == 0 || request.slice_count > most_streams)
    return Error(ErrorClass::config, "E_STAGING_STREAMS",
                 "a session has 1 to " + std::to_string(most_streams) + " streams, not " +
                     std::to_string(request.slice_count));
  PoolShape shape{stream_quota(request, budget_.cap()), 0, !request.fail_when_full};
  shape.block = usual_block(request, shape.quota);
  if (shape.block == 0)
    return Error(ErrorClass::config, "E_STAGING_TOO_SMALL",
                 std::to_string(request.max_bytes) + " bytes are too few for " +
                     std::to_string(request.slice_count) + " streams")
        .try_this("raise staging.maxBytes to at least " +
                  std::to_string(uint64_t{request.slice_count} * 2 * SharedMapping::page_bytes));
  const uint64_t floors = BlockPool::floor_bytes(shape) * request.slice_count;
  if (!budget_.reserve_floor(floors))
    return Error(ErrorClass::transient, "E_STAGING_CAP",
                 "the memory staging of all runs together is capped at " + std::to_string(budget_.cap()) +
                     " bytes; " + std::to_string(budget_.reserved()) + " are taken and a session needs " +
                     std::to_string(floors))
        .try_this("run fewer at once, make batches smaller, or raise the provider's cap");
  auto session = std::make_unique<MemorySession>(new_stage_id(), shape.quota * request.slice_count);
  if (Status status = session->create(request.slice_count, shape, budget_, request.fail_when_full);
      !status.ok())
    return status;
  out = std::move(session);
  return {};
}

}  // namespace sluice::staging
