// The limit of generator to null: a thread that fills recycled blocks record by record, and one that reads
// them.
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include "workloads.hpp"

namespace sluice::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t block_bytes = uint64_t{256} << 10, block_count = 8;

double memcpy_pair(uint64_t records, uint64_t record_bytes) {
  const uint64_t a_block = std::max<uint64_t>(block_bytes / record_bytes, 1);
  const uint64_t blocks = (records + a_block - 1) / a_block;
  const std::string record(record_bytes + 8, 'r');
  const auto memory = std::make_unique<char[]>(block_count * (a_block * record_bytes + 8));
  const auto block_at = [&](uint64_t i) {
    return memory.get() + i % block_count * (a_block * record_bytes + 8);
  };
  std::atomic<uint64_t> filled{0}, emptied{0};
  uint64_t sum = 0;
  const auto begin = Clock::now();
  std::thread reader([&] {
    for (uint64_t i = 0; i < blocks; ++i) {
      for (uint64_t have = 0; (have = filled.load(std::memory_order_acquire)) <= i;)
        filled.wait(have, std::memory_order_acquire);
      const char* at = block_at(i);
      for (uint64_t word = 0; word < a_block * record_bytes / 8; ++word) {
        uint64_t value = 0;
        std::memcpy(&value, at + word * 8, 8);
        sum += value;
      }
      emptied.store(i + 1, std::memory_order_release);
      emptied.notify_one();
    }
  });
  for (uint64_t i = 0; i < blocks; ++i) {
    for (uint64_t gone = 0; i - (gone = emptied.load(std::memory_order_acquire)) >= block_count;)
      emptied.wait(gone, std::memory_order_acquire);
    char* to = block_at(i);
    for (uint64_t n = 0; n < a_block; ++n, to += record_bytes) std::memcpy(to, record.data(), record_bytes);
    filled.store(i + 1, std::memory_order_release);
    filled.notify_one();
  }
  reader.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  uint64_t word = 0;
  std::memcpy(&word, record.data(), 8);
  require(sum == word * (a_block * record_bytes / 8) * blocks, "the pair lost something");
  return seconds;
}

}  // namespace

void add_handover_limit(Workload& work, uint64_t record_bytes) {
  const double millions = work.ways.front().amount;
  work.ways.insert(work.ways.begin(),
                   {"memcpy-pair",
                    "memcpy pair",
                    Role::limit,
                    millions,
                    {},
                    timed([=] { return memcpy_pair(static_cast<uint64_t>(millions * 1e6), record_bytes); }),
                    "one thread fills recycled blocks of 256 KiB record by record, one reads every byte"});
  for (Way& way : work.ways)
    if (way.role == Role::product) way.beside.insert(way.beside.begin(), "memcpy-pair");
}

}  // namespace sluice::bench
