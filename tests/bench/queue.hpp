// One writer and one reader of batches: what every way of staging alone is measured with, and the stores that
// are used as queues.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "setting.hpp"

namespace sluice::bench {

constexpr uint64_t batch_bytes = uint64_t{1} << 20;
constexpr uint64_t first_lap = 64;  // batches that every buffer goes through once before the clock starts
constexpr uint64_t queue_depth = 32;

struct Batches {
  explicit Batches(uint64_t measured) : count(measured + first_lap), block(batch_bytes / 8) {
    uint64_t word = 42;
    for (uint64_t& to : block) to = word = word * 6364136223846793005u + 1442695040888963407u;
    for (const uint64_t value : block) sum += value;
  }
  const uint64_t count;
  std::vector<uint64_t> block;
  uint64_t sum = 0;
};

// Reads a batch.
inline uint64_t add_up(const void* data) {
  const auto* words = static_cast<const uint64_t*>(data);
  uint64_t sum = 0;
  for (uint64_t i = 0; i < batch_bytes / 8; ++i) sum += words[i];
  return sum;
}

using TimePoint = std::chrono::steady_clock::time_point;

// Seconds from the moment that `read` sets to the end of both.
inline double in_two_threads(const std::function<void()>& write,
                             const std::function<void(TimePoint&)>& read) {
  TimePoint begin = std::chrono::steady_clock::now();
  std::exception_ptr failure;
  std::thread writer([&] {
    try {
      write();
    } catch (...) {
      failure = std::current_exception();
    }
  });
  read(begin);
  writer.join();
  if (failure) std::rethrow_exception(failure);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// A store of numbered batches. One thread puts and deletes, another one gets.
class BatchStore {
 public:
  virtual ~BatchStore() = default;
  // Puts one batch under `number` and deletes those from `oldest` up to `keep_from`, in one transaction.
  virtual void put(uint64_t number, const void* batch, uint64_t oldest, uint64_t keep_from) = 0;
  // The sum of a batch that is there.
  virtual uint64_t sum_of(uint64_t number) = 0;
};

// lmdb_queue.cpp, sqlite_queue.cpp, rocksdb_queue.cpp. `durable`: each transaction survives power loss.
std::unique_ptr<BatchStore> open_lmdb(const std::string& folder, bool durable);
std::unique_ptr<BatchStore> open_sqlite(const std::string& folder, bool durable);
std::unique_ptr<BatchStore> open_rocksdb(const std::string& folder, bool durable);  // null: not built in

}  // namespace sluice::bench
