// The end of a stream with durability disk: what the writer has written and the disk does not have yet. A
// thread of its own brings it there and then shows it to the reader, several batches with one sync when they
// come faster than the disk.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "staging/mmap/segment.hpp"

namespace sluice::staging {

// [the stream's writer thread] Segments outlive it.
class DurableTail {
 public:
  // `show`: everything below this sequence is durable; called in order, on the thread that synced. Without
  // `apart` there is no thread: put() returns when all is durable, and steps come in an order that tests
  // know.
  DurableTail(FileLayer& files, bool apart, std::function<void(uint64_t)> show)
      : files_(files), apart_(apart), show_(std::move(show)) {}
  DurableTail(const DurableTail&) = delete;
  DurableTail& operator=(const DurableTail&) = delete;
  // Waits until all is durable, or a sync has failed.
  ~DurableTail();

  // `segment` holds what was written last, up to the frame before `next`; `bytes` of it are new. Waits while
  // too much is on its way. What a sync failed with comes back from this or a later call, for ever.
  Status put(const Segment& segment, uint64_t next, uint64_t bytes);
  // Waits until all is durable.
  Status drain();

 private:
  void work();
  Status sync_all(const std::vector<const Segment*>& segments) const;
  Status start();

  FileLayer& files_;
  const bool apart_;
  const std::function<void(uint64_t)> show_;

  std::mutex mutex_;
  std::condition_variable to_do_, done_;
  std::vector<const Segment*> dirty_;   // since the sync under way began
  uint64_t next_ = 0;                   // written below this
  uint64_t shown_ = 0;                  // durable below this
  uint64_t waiting_ = 0, syncing_ = 0;  // bytes
  std::optional<Error> failure_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::staging
