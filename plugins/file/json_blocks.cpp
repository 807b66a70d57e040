#include "json_blocks.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <sluice/detail/patience.hpp>
#include <system_error>

#include "json_validator.hpp"
#include "line_ends.hpp"

namespace sluice::file {

namespace {

// A chunk of the usual size has half as many.
constexpr size_t blocks_ahead = 32;
// What is less is validated before a helper has started.
constexpr uint32_t worth_helpers = uint32_t{256} << 10;

}  // namespace

JsonBlocks::JsonBlocks(uint32_t threads, bool validate)
    : validate_(validate), threads_(validate ? threads : 1), ring_(threads_ > 1 ? blocks_ahead : 1) {
  static_assert(JsonKernel::largest_block == largest_block);
  for (Block& each : ring_) each.ends = std::make_unique_for_overwrite<uint32_t[]>(largest_block + 1);
}

JsonBlocks::~JsonBlocks() {
  finish();
  over_.store(true);
  bell_.fetch_add(1);
  bell_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void JsonBlocks::start_helpers() {
  try {
    while (helpers_.size() + 1 < threads_) {
      Hand& hand = *hands_.emplace_back(std::make_unique<Hand>());
      helpers_.emplace_back([this, &hand] { help(hand); });
    }
  } catch (const std::system_error&) {  // a limit of processes
    threads_ = static_cast<uint32_t>(helpers_.size()) + 1;
  }
}

void JsonBlocks::begin(const char* data) {
  data_ = data;
  filled_ = cut_ = 0;
}

void JsonBlocks::filled(uint32_t filled) {
  filled_ = filled;
  if (helpers_.size() + 1 < threads_ && filled >= worth_helpers) start_helpers();
  // Who validates reads a little beyond, where the caller may be writing.
  if (works_ahead() && filled > JsonValidator::padding)
    cut(filled - static_cast<uint32_t>(JsonValidator::padding));
}

// Makes blocks of whole lines before `limit`, as many as the ring takes.
void JsonBlocks::cut(uint32_t limit) {
  uint32_t ticket = ready_.load(std::memory_order_relaxed);
  const uint32_t before = ticket;
  while (cut_ < limit && ticket - first_ < ring_.size()) {
    const void* newline = ::memrchr(data_ + cut_, '\n', std::min(limit - cut_, largest_block));
    if (!newline) break;
    Block& next = block(ticket);
    next.data = data_;
    next.begin = cut_;
    next.end = cut_ = static_cast<uint32_t>(static_cast<const char*>(newline) - data_) + 1;
    next.done.store(false, std::memory_order_relaxed);
    ++ticket;
  }
  if (ticket == before) return;
  ready_.store(ticket);
  if (!works_ahead()) return;
  bell_.fetch_add(1);
  bell_.notify_all();
}

bool JsonBlocks::take_one(Hand& hand) {
  uint32_t ticket = next_.load();
  do {
    if (ticket == ready_.load()) return false;
  } while (!next_.compare_exchange_weak(ticket, ticket + 1));
  Block& taken = block(ticket);
  look_at(taken, hand);
  taken.done.store(true);
  taken.done.notify_one();
  return true;
}

void JsonBlocks::look_at(Block& at, Hand& hand) const {
  const std::span<uint32_t> ends(at.ends.get(), largest_block + 1);
  at.are.clear();
  if (validate_ && JsonKernel::usable()) {
    at.count = static_cast<uint32_t>(hand.kernel.vouch(at.data, at.begin, at.end, ends));
    if (at.count > 0) return;
  }
  at.count = static_cast<uint32_t>(find_line_ends(at.data, at.begin, at.end, ends));
  try {
    at.are.assign(at.count, JsonLines::Found::unsure);
    if (!validate_) return;
    hand.lines.take(at.data, at.begin, at.end);
    for (uint32_t i = 0; i < at.count; ++i) at.are[i] = hand.lines.next(ends[i]);
  } catch (const std::exception&) {  // out of memory: the caller gets no lines, and looks itself
    at.count = 0;
  }
}

void JsonBlocks::wait_for(const Block& block) {
  while (!block.done.load()) block.done.wait(false);
}

JsonBlocks::Lines JsonBlocks::from(uint32_t begin) {
  const uint32_t ready = ready_.load(std::memory_order_relaxed);
  while (first_ != ready && block(first_).begin < begin) wait_for(block(first_++));
  cut_ = std::max(cut_, begin);
  cut(filled_);
  if (first_ == ready_.load(std::memory_order_relaxed) || block(first_).begin != begin) return {};
  Block& wanted = block(first_);
  while (!wanted.done.load())
    if (!take_one(own_)) wait_for(wanted);
  return {{wanted.ends.get(), wanted.count}, wanted.are};
}

void JsonBlocks::finish() {
  // What nobody has begun is let go, what somebody has is waited for.
  const uint32_t ready = ready_.load(std::memory_order_relaxed);
  uint32_t begun = next_.load();
  while (begun != ready && !next_.compare_exchange_weak(begun, ready)) {
  }
  for (; first_ != begun; ++first_) wait_for(block(first_));
  first_ = ready;
}

void JsonBlocks::help(Hand& hand) {
  detail::Patience patience;
  for (;;) {
    const uint32_t rung = bell_.load();
    if (over_.load()) return;
    while (take_one(hand)) {
    }
    if (patience.outlasts([&] { return bell_.load() != rung; })) continue;
    bell_.wait(rung);
    patience.slept();
  }
}

}  // namespace sluice::file
