// How long a thread that waits for another looks out for it before it sleeps: to put a processor to sleep and
// to wake it costs both of them some tens of microseconds.
#pragma once

#include <chrono>
#include <thread>

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
      if (Clock::now() - begin_ >= limit_) break;
      std::this_thread::yield();
    }
    return false;
  }
  void slept() { limit_ = Clock::now() - begin_ < worth_it ? longest : shortest; }

 private:
  static constexpr std::chrono::microseconds shortest{5}, longest{200}, worth_it{500};
  static constexpr int looks = 32;

  static bool only_processor() {
    static const bool one = std::thread::hardware_concurrency() == 1;
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
