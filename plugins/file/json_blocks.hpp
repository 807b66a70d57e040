// The lines of NDJSON, found and validated a block at a time: by the reader's thread, and ahead of it by
// helpers where the read was granted more threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "json_kernel.hpp"
#include "json_lines.hpp"

namespace sluice::file {

// [one thread], which has helpers. It says how far a chunk is filled, and then asks for block after block;
// what no helper has begun by then it does itself.
class JsonBlocks {
 public:
  struct Lines {
    std::span<const uint32_t> ends;         // behind their newlines, counted from the chunk's start
    std::span<const JsonLines::Found> are;  // empty: each is one document
  };

  // `threads`: the caller's included. Where the machine gives no more, it works with fewer. Without
  // `validate` lines are found only: each is unsure.
  JsonBlocks(uint32_t threads, bool validate);
  ~JsonBlocks();
  JsonBlocks(const JsonBlocks&) = delete;
  JsonBlocks& operator=(const JsonBlocks&) = delete;

  // Whether it pays to say filled() as the chunk grows, not at its end alone.
  bool works_ahead() const { return threads_ > 1; }

  // A chunk begins at `data`, which is borrowed until finish(), with JsonValidator::padding readable bytes
  // behind all that it is filled with.
  void begin(const char* data);
  // The chunk's first `filled` bytes are there and do not change; what follows may still be written.
  void filled(uint32_t filled);
  // Once the chunk has all its bytes: the lines of the block that begins at `begin`, 0 or where the block
  // before it ended. Valid until the next call. None: the line there is longer than a block, or has no end.
  Lines from(uint32_t begin);
  // Nobody looks at the chunk any more.
  void finish();

 private:
  static constexpr uint32_t largest_block = JsonLines::largest_block;

  struct Block {
    const char* data = nullptr;
    uint32_t begin = 0, end = 0;
    std::atomic<bool> done{true};
    std::unique_ptr<uint32_t[]> ends;
    uint32_t count = 0;
    std::vector<JsonLines::Found> are;
  };
  // What a thread validates with.
  struct Hand {
    JsonKernel kernel;
    JsonLines lines;
  };

  void start_helpers();
  Block& block(uint32_t ticket) { return ring_[ticket % ring_.size()]; }
  void cut(uint32_t limit);
  bool take_one(Hand& hand);
  void look_at(Block& block, Hand& hand) const;
  static void wait_for(const Block& block);
  void help(Hand& hand);

  const bool validate_;
  uint32_t threads_;
  const char* data_ = nullptr;
  uint32_t filled_ = 0;
  uint32_t cut_ = 0;    // blocks reach to there
  uint32_t first_ = 0;  // the oldest block that the caller may still ask for

  // Blocks are numbered, and the numbers wrap around: [first_, next_) are taken, [next_, ready_) wait for
  // whoever comes first.
  std::vector<Block> ring_;
  alignas(64) std::atomic<uint32_t> next_{0};
  alignas(64) std::atomic<uint32_t> ready_{0};
  std::atomic<uint32_t> bell_{0};  // rung when there is work, or none any more
  std::atomic<bool> over_{false};

  Hand own_;
  std::vector<std::unique_ptr<Hand>> hands_;  // the helpers'
  std::vector<std::thread> helpers_;
};

}  // namespace sluice::file
