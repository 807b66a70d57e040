// What the writing and the reading end of a session tell each other while both are alive, in one process or
// two: a small file that both map. Nothing in it is believed by whoever opens a session again.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "sluice/detail/patience.hpp"
#include "staging/files/file_layer.hpp"

namespace sluice::staging {

// Sides wait with a futex on an event word: the other one raises it after a change. One thread waits on each.
struct alignas(64) StreamControl {
  // The writing end's line.
  alignas(64) std::atomic<uint64_t> published;  // sequence one past the newest frame to be seen
  std::atomic<uint32_t> sealed;                 // 0, or one more than a SealedAs: no more will come
  std::atomic<uint32_t> wants_room;
  std::atomic<uint32_t> published_event;
  std::atomic<uint32_t> writer_waits;  // for freed_event
  std::atomic<uint64_t>
      staged_before;  // frames below are of an earlier writer: nobody has checked them since
  // The reading end's.
  alignas(64) std::atomic<uint32_t> freed_event;
  std::atomic<uint32_t> reader_waits;  // for published_event
  std::atomic<uint64_t> taken;         // sequence one past the newest frame that was read and released
};
static_assert(sizeof(StreamControl) == 128);

class ControlPage {
 public:
  Status create(FileLayer& files, const std::string& path, uint32_t streams);
  // Makes it anew when it is not there or too small.
  Status open(FileLayer& files, const std::string& path, uint32_t streams);
  StreamControl& stream(uint32_t index) const {
    return *reinterpret_cast<StreamControl*>(mapping_.at(uint64_t{index} * sizeof(StreamControl)));
  }

 private:
  Mapping mapping_;
};

// Waits until `ready`, or until `deadline`; false when that passed. `event` is raised after each change,
// `waits` tells the other side to raise it at all. `look` is asked every tenth of a second: true ends the
// wait too.
class EventWait {
 public:
  using Clock = std::chrono::steady_clock;

  // `patience` is the waiting thread's.
  EventWait(std::atomic<uint32_t>& event, std::atomic<uint32_t>& waits, detail::Patience& patience)
      : event_(event), waits_(waits), patience_(patience) {}

  template <class Ready, class Look>
  bool until(Ready&& ready, Clock::time_point deadline, Look&& look) {
    if (patience_.outlasts(ready)) return true;
    waits_.store(1);
    bool done = false;
    for (;;) {
      const uint32_t seen = event_.load();
      if ((done = ready())) break;
      const auto now = Clock::now();
      if (now >= deadline) break;
      sleep(seen, std::min<Clock::duration>(deadline - now, std::chrono::milliseconds(100)));
      if ((done = ready()) || look()) break;
    }
    waits_.store(0);
    patience_.slept();
    return done || ready();
  }

  // [any thread] After the change, which is an atomic store in sequentially consistent order.
  static void raise(std::atomic<uint32_t>& event, const std::atomic<uint32_t>& waits) {
    if (waits.load() != 0) raise(event);
  }
  // After any other change.
  static void raise(std::atomic<uint32_t>& event) {
    event.fetch_add(1);
    wake(event);
  }

 private:
  static void wake(std::atomic<uint32_t>& event);
  void sleep(uint32_t seen, Clock::duration time);

  std::atomic<uint32_t>& event_;
  std::atomic<uint32_t>& waits_;
  detail::Patience& patience_;
};

}  // namespace sluice::staging
