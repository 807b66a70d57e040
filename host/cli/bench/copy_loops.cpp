#include "host/cli/bench/copy_loops.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

namespace sluice::bench {

namespace {

using host::Result;
using Clock = std::chrono::steady_clock;

constexpr size_t block_bytes = size_t{1} << 20, block_count = 8;

Error failed(const std::string& what) {
  return {ErrorClass::system, "E_BENCH", what, "benchmark", {}};
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

// Up to a block's bytes; less only at the end of the file. Negative: it cannot be read.
ssize_t read_block(int file, char* to) {
  size_t have = 0;
  while (have < block_bytes) {
    const ssize_t got = ::read(file, to + have, block_bytes - have);
    if (got < 0) return got;
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(have);
}

bool write_all(int file, const char* from, size_t size) {
  while (size > 0) {
    const ssize_t put = ::write(file, from, size);
    if (put <= 0) return false;
    from += put;
    size -= static_cast<size_t>(put);
  }
  return true;
}

// What every line costs that must be known: its offset is stored.
size_t find_lines(const char* from, size_t size, uint32_t* ends) {
  size_t lines = 0;
  for (const char *at = from, *stop = from + size; at < stop;) {
    const auto* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(stop - at)));
    if (!newline) break;
    at = newline + 1;
    ends[lines++] = static_cast<uint32_t>(at - from);
  }
  return lines;
}

struct Block {
  std::array<char, block_bytes> bytes;
  std::array<uint32_t, block_bytes> ends;
  size_t size = 0, lines = 0;
};

}  // namespace

Result<Lap> copy_lines_one_thread(const std::string& from, const std::string& to) {
  const auto begin = Clock::now();
  const Descriptor in(from, O_RDONLY), out(to, O_WRONLY | O_CREAT | O_TRUNC);
  const auto block = std::make_unique_for_overwrite<Block>(),
             staged = std::make_unique_for_overwrite<Block>();
  for (;;) {
    const ssize_t size = read_block(in.number(), block->bytes.data());
    if (size < 0) return failed("cannot read " + from);
    if (size == 0) break;
    block->size = static_cast<size_t>(size);
    find_lines(block->bytes.data(), block->size, staged->ends.data());
    std::memcpy(staged->bytes.data(), block->bytes.data(), block->size);
    if (!write_all(out.number(), staged->bytes.data(), block->size)) return failed("cannot write " + to);
  }
  return Lap{std::chrono::duration<double>(Clock::now() - begin).count()};
}

Result<Lap> copy_lines_two_threads(const std::string& from, const std::string& to) {
  const auto begin = Clock::now();
  const Descriptor in(from, O_RDONLY), out(to, O_WRONLY | O_CREAT | O_TRUNC);
  const auto blocks = std::make_unique_for_overwrite<Block[]>(block_count);
  // A block of no bytes is the end. Waiting is the kernel's: a spinning thread would take the other's core.
  std::atomic<uint64_t> filled{0}, emptied{0};
  std::atomic<bool> wrote_all{true};
  std::thread writer([&] {
    for (uint64_t i = 0;; ++i) {
      filled.wait(i, std::memory_order_acquire);
      const Block& block = blocks[i % block_count];
      if (block.size == 0) return;
      if (!write_all(out.number(), block.bytes.data(), block.size)) wrote_all = false;
      emptied.store(i + 1, std::memory_order_release);
      emptied.notify_one();
    }
  });
  ssize_t size = 0;
  for (uint64_t i = 0;; ++i) {
    for (uint64_t gone = 0; i - (gone = emptied.load(std::memory_order_acquire)) >= block_count;)
      emptied.wait(gone, std::memory_order_acquire);
    Block& block = blocks[i % block_count];
    size = read_block(in.number(), block.bytes.data());
    block.size = size > 0 ? static_cast<size_t>(size) : 0;
    block.lines = find_lines(block.bytes.data(), block.size, block.ends.data());
    filled.store(i + 1, std::memory_order_release);
    filled.notify_one();
    if (size <= 0) break;
  }
  writer.join();
  if (size < 0 || !wrote_all) return failed("cannot copy " + from + " to " + to);
  return Lap{std::chrono::duration<double>(Clock::now() - begin).count()};
}

}  // namespace sluice::bench
