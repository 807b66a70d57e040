// SIGINT and SIGTERM: the first lets the run drain, the second stops it, and what still does not end is
// ended.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "sluice/host/host.hpp"

namespace sluice::host::cli {

// Both signals are blocked in the thread that makes this, hence in all threads that are started afterwards,
// and one own thread takes them. Make it before the host is opened and any other thread is started.
//
// Outside a run a signal ends the process at once with 128 + signal: nothing is at stake. During a run the
// first one drains, the second stops, and a third, or two seconds after the second, end the process. After a
// run (its checkpoint is being stored, its result printed) a signal gives that two seconds.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  // `before_exit` is called before the process is ended by force; it must not wait for anything.
  void run_begins(const Cancellation& cancellation, std::function<void()> before_exit);
  // Signals taken since the run began: 0, 1 (draining) or 2 (stopping). [any thread]
  int taken() const { return taken_.load(std::memory_order_relaxed); }
  // The signal that forced the end, or 0 when none did.
  int run_ended();

 private:
  enum class Phase { idle, running, finishing };
  void watch();
  void take(int signal);
  [[noreturn]] void end_process(int signal);

  static constexpr std::chrono::seconds patience{2};

  int signals_ = -1, quit_ = -1;  // signalfd, eventfd
  std::atomic<int> taken_{0};
  std::mutex mutex_;  // guards all below; nobody who holds it waits for anything
  Phase phase_ = Phase::idle;
  std::optional<Cancellation> run_;
  std::function<void()> before_exit_;
  int forced_ = 0;  // the second signal of the run
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sluice::host::cli
