#include "read_ahead.hpp"

#include <algorithm>
#include <cstring>
#include <system_error>

#include "file_error.hpp"

namespace sluice::file {

namespace {

// A thread's start and its first block cost about as much as reading this does.
constexpr uint64_t plain_that_pays = uint64_t{4} << 20, compressed_that_pays = uint64_t{1} << 20;

}  // namespace

ReadAhead::ReadAhead(std::unique_ptr<ByteInput> input)
    : ByteInput(input->path(), UniqueFd(), input->file_bytes()),
      input_(std::move(input)),
      seekable_(input_->seekable()),
      consumed_(input_->consumed()) {}

ReadAhead::~ReadAhead() {
  stop();
}

size_t ReadAhead::read(char* to, size_t size) {
  if (size == 0) return 0;
  if (!current_ && !thread_.joinable()) start();
  for (;;) {
    if (!current_) current_ = &wait_for_block();
    Block& block = *current_;
    const size_t got = std::min(size, block.size - taken_);
    if (got > 0) {
      std::memcpy(to, block.bytes.get() + taken_, got);
      taken_ += got;
      consumed_ = seekable_ ? consumed_ + got : block.consumed;
      if (taken_ == block.size && !block.last) release_block();
      return got;
    }
    if (block.last) {
      consumed_ = block.consumed;
      if (block.failure) std::rethrow_exception(block.failure);
      return 0;
    }
    release_block();
  }
}

void ReadAhead::seek(uint64_t offset) {
  stop();
  current_ = nullptr;
  taken_ = 0;
  input_->seek(offset);
  consumed_ = input_->consumed();
}

void ReadAhead::start() {
  filled_ = released_ = 0;
  stopping_ = false;
  for (Block& block : ring_)
    if (!block.bytes) block.bytes.reset(new char[block_bytes]);
  try {
    thread_ = std::thread([this] { fill_blocks(); });
  } catch (const std::system_error& error) {
    throw Error(ErrorClass::transient, "E_FILE_READ",
                std::string("no thread to read ") + path_ + ": " + error.what(), path_,
                "raise the limit of processes and threads");
  }
}

// The thread looks between two reads of the input, so that this waits for one of them at most.
void ReadAhead::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_changed_.notify_one();
  thread_.join();
}

// [the thread]
void ReadAhead::fill_blocks() noexcept {
  for (;;) {
    Block* block = nullptr;
    {
      std::unique_lock lock(mutex_);
      // Once all are full it sleeps until half of them are free: half as many wakings.
      if (filled_ - released_ == blocks)
        room_changed_.wait(lock, [&] { return stopping_ || filled_ - released_ <= blocks / 2; });
      if (stopping_) return;
      block = &ring_[filled_ % blocks];
    }
    fill(*block);
    const bool last = block->last;
    {
      const std::lock_guard lock(mutex_);
      ++filled_;
    }
    filled_changed_.notify_one();
    if (last) return;
  }
}

// [the thread]
void ReadAhead::fill(Block& block) noexcept {
  block.size = 0;
  block.last = false;
  block.failure = nullptr;
  try {
    while (block.size < block_bytes && !block.last) {
      const size_t got = input_->read(block.bytes.get() + block.size, block_bytes - block.size);
      block.size += got;
      block.last = got == 0;
    }
  } catch (...) {
    block.last = true;
    block.failure = std::current_exception();
  }
  block.consumed = input_->consumed();
}

ReadAhead::Block& ReadAhead::wait_for_block() {
  std::unique_lock lock(mutex_);
  filled_changed_.wait(lock, [&] { return filled_ > released_; });
  return ring_[released_ % blocks];
}

void ReadAhead::release_block() {
  current_ = nullptr;
  taken_ = 0;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    ++released_;
    wake = filled_ - released_ <= blocks / 2;
  }
  if (wake) room_changed_.notify_one();
}

std::unique_ptr<ByteInput> read_ahead(std::unique_ptr<ByteInput> input) {
  const uint64_t left = input->file_bytes() - std::min(input->consumed(), input->file_bytes());
  if (left <= (input->seekable() ? plain_that_pays : compressed_that_pays)) return input;
  return std::make_unique<ReadAhead>(std::move(input));
}

}  // namespace sluice::file
