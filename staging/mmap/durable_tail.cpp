#include "staging/mmap/durable_tail.hpp"

#include <algorithm>
#include <system_error>

namespace sluice::staging {

namespace {

// Beyond this one sync gains little more, and the reader waits longer.
constexpr uint64_t most_on_its_way = uint64_t{8} << 20;

}  // namespace

DurableTail::~DurableTail() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  to_do_.notify_one();
  thread_.join();
}

Status DurableTail::sync_all(const std::vector<const Segment*>& segments) const {
  for (const Segment* segment : segments)
    if (const int error = files_.sync(segment->file())) return file_error("sync", segment->path(), error);
  return {};
}

Status DurableTail::start() {
  if (thread_.joinable()) return {};
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::system_error& failure) {
    return Error(ErrorClass::transient, "E_THREADS", std::string("cannot start a thread: ") + failure.what(),
                 "", "raise the limit of processes, or run less at once");
  }
  return {};
}

Status DurableTail::put(const Segment& segment, uint64_t next, uint64_t bytes) {
  if (!apart_) {
    if (Status status = sync_all({&segment}); !status.ok()) return status;
    show_(next);
    return {};
  }
  if (Status status = start(); !status.ok()) return status;
  std::unique_lock lock(mutex_);
  if (dirty_.empty() || dirty_.back() != &segment) dirty_.push_back(&segment);
  next_ = next;
  waiting_ += bytes;
  to_do_.notify_one();
  done_.wait(lock, [&] { return failure_ || waiting_ + syncing_ <= most_on_its_way; });
  if (failure_) return *failure_;
  return {};
}

Status DurableTail::drain() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return failure_ || shown_ == next_ || !thread_.joinable(); });
  if (failure_) return *failure_;
  return {};
}

// [its own thread]
void DurableTail::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    to_do_.wait(lock, [&] { return stop_ || !dirty_.empty(); });
    if (dirty_.empty()) return;
    const std::vector<const Segment*> segments = std::exchange(dirty_, {});
    const uint64_t next = next_;
    syncing_ = std::exchange(waiting_, 0);
    lock.unlock();
    Status status = sync_all(segments);
    if (status.ok()) show_(next);
    lock.lock();
    syncing_ = 0;
    if (status.ok())
      shown_ = next;
    else
      failure_ = std::move(status).take_error();
    done_.notify_all();
    // After a failed sync nobody knows what the disk holds, and another one would tell nothing.
    if (failure_) return;
  }
}

}  // namespace sluice::staging
