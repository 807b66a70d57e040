#include "host/cli/signals.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "host/cli/console.hpp"

namespace sluice::host::cli {

SignalWatch::SignalWatch() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A reader of our output that goes away is an error of write(2), not the end.
  std::signal(SIGPIPE, SIG_IGN);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  quit_ = ::eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || quit_ < 0)
    throw std::system_error(errno, std::generic_category(), "cannot watch for signals");
  thread_ = std::thread([this] { watch(); });
}

SignalWatch::~SignalWatch() {
  const uint64_t one = 1;
  (void)!::write(quit_, &one, sizeof one);
  thread_.join();
  ::close(signals_);
  ::close(quit_);
}

void SignalWatch::run_begins(const Cancellation& cancellation, std::function<void()> before_exit) {
  const std::lock_guard lock(mutex_);
  run_ = cancellation;
  before_exit_ = std::move(before_exit);
  phase_ = Phase::running;
  taken_ = 0;
}

int SignalWatch::run_ended() {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::finishing;
  run_.reset();
  before_exit_ = {};
  return forced_;
}

void SignalWatch::watch() {
  using std::chrono::steady_clock;
  int last = SIGTERM;
  for (;;) {
    int wait = -1;
    {
      const std::lock_guard lock(mutex_);
      if (deadline_) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - steady_clock::now());
        if (left.count() <= 0) end_process(last);
        wait = static_cast<int>(left.count());
      }
    }
    std::array<pollfd, 2> waiting{{{signals_, POLLIN, 0}, {quit_, POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), wait) < 0 && errno != EINTR) return;
    if (waiting[1].revents) return;
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof info) == sizeof info) {
      last = static_cast<int>(info.ssi_signo);
      take(last);
    }
  }
}

void SignalWatch::take(int signal) {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::idle) end_process(signal);
  if (phase_ == Phase::finishing) {
    if (!deadline_) deadline_ = std::chrono::steady_clock::now() + patience;
    return;
  }
  switch (++taken_) {
    case 1:
      return run_->drain();
    case 2:
      forced_ = signal;
      deadline_ = std::chrono::steady_clock::now() + patience;
      return run_->stop();
    default:
      end_process(signal);
  }
}

void SignalWatch::end_process(int signal) {
  if (before_exit_) before_exit_();
  ::_exit(exit_signal + signal);
}

}  // namespace sluice::host::cli
