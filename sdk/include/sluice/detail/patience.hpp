// How long a thread that waits for another looks out for it before it sleeps: to put a processor to sleep and
// to wake it costs both of them some tens of microseconds.
#pragma once

#include <chrono>
#include <thread>

#include "sluice/detail/processors.hpp"

namespace sluice::detail {

// [one thread] Learns from the last wait: who was kept waiting long looks out only briefly the next time. The
// processor is offered to every other thread meanwhile.
template <class Clock>
class BasicPatience {
 public:
  explicit BasicPatience(bool alone = only_processor()) : alone_(alone) {}

  // Whether `ready` came true before the thread should sleep. If not, say by slept() that it did and woke.
  template <class Ready>
  bool outlasts(Ready&& ready) {
    if (ready()) return true;
    begin_ = Clock::now();
    // Where there is one processor, the other thread can do nothing meanwhile.
    while (!alone_) {
      for (int look = 0; look < looks; ++look) {
        if (ready()) return true;
        pause();
      }
      const auto before = Clock::now();
      if (before - begin_ >= limit_) break;
      std::this_thread::yield();
      // Others had work for this processor: it is better left to them.
      if (Clock::now() - before >= crowded) return ready();
    }
    return false;
  }
  void slept() { limit_ = Clock::now() - begin_ < worth_it ? longest : shortest; }

 private:
  static constexpr std::chrono::microseconds shortest{5}, longest{200}, worth_it{500}, crowded{50};
  static constexpr int looks = 32;

  static bool only_processor() {
    static const bool one = processors() == 1;
    return one;
  }
  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  const bool alone_;
  typename Clock::duration limit_ = longest;
  typename Clock::time_point begin_;
};

using Patience = BasicPatience<std::chrono::steady_clock>;

}  // namespace sluice::detail
