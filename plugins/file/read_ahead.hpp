// Reads a file ahead in a thread of its own, so that reading and decompressing overlap with parsing.
#pragma once

#include <array>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "byte_input.hpp"

namespace sluice::file {

// [one thread: the consumer's] The same bytes, places and errors as the input has that it owns. The first
// read starts the thread; the end, an error, seek() and destruction end it. While it runs, the input is its
// alone. What it has read ahead shows nowhere: consumed() is of what the consumer has taken. An end is final:
// what is appended behind it is not seen.
class ReadAhead final : public ByteInput {
 public:
  static constexpr size_t block_bytes = size_t{256} << 10;
  static constexpr size_t blocks = 4;

  explicit ReadAhead(std::unique_ptr<ByteInput> input);
  ~ReadAhead() override;
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  size_t read(char* to, size_t size) override;
  // Of compressed files: up to the end of the block that the last byte taken lies in.
  uint64_t consumed() const override { return consumed_; }
  bool seekable() const override { return seekable_; }
  void seek(uint64_t offset) override;

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
    uint64_t consumed = 0;       // of the input, behind this block
    bool last = false;           // the end or `failure` is behind it
    std::exception_ptr failure;  // thrown when its bytes are taken
  };

  void start();
  void stop();
  void fill_blocks() noexcept;
  void fill(Block& block) noexcept;
  Block& wait_for_block();
  void release_block();

  const std::unique_ptr<ByteInput> input_;
  const bool seekable_;
  std::array<Block, blocks> ring_;

  // The consumer's.
  uint64_t consumed_;
  size_t taken_ = 0;          // bytes of the block that it stands in
  Block* current_ = nullptr;  // that block; the last one is kept

  std::mutex mutex_;
  std::condition_variable filled_changed_, room_changed_;
  uint64_t filled_ = 0,
           released_ = 0;  // blocks since start(); filled_ - released_ of them are the consumer's
  bool stopping_ = false;
  std::thread thread_;
};

// `input`, read ahead where that pays: a plain file with more than 4 MiB left, a compressed one with more
// than 1 MiB. Where it stands is kept.
std::unique_ptr<ByteInput> read_ahead(std::unique_ptr<ByteInput> input);

}  // namespace sluice::file
