#include "host/run/cancel_state.hpp"

namespace sluice::host {

Cancellation::Cancellation() : state_(std::make_shared<State>()) {}
void Cancellation::drain() {
  state_->raise(StopLevel::drain);
}
void Cancellation::stop() {
  state_->raise(StopLevel::now);
}

void Cancellation::State::raise(StopLevel level) {
  std::lock_guard lock(mutex_);
  if (level <= level_) return;
  level_ = level;
  for (auto& [id, listener] : listeners_) listener(level);
}

uint64_t Cancellation::State::subscribe(std::function<void(StopLevel)> listener) {
  std::lock_guard lock(mutex_);
  if (level_ != StopLevel::none) listener(level_);
  listeners_.emplace(++next_id_, std::move(listener));
  return next_id_;
}

void Cancellation::State::unsubscribe(uint64_t id) {
  std::lock_guard lock(mutex_);
  listeners_.erase(id);
}

void RunSignal::raise(StopLevel level) {
  {
    std::lock_guard lock(mutex_);
    if (level <= level_.load(std::memory_order_relaxed)) return;
    level_.store(level, std::memory_order_release);
  }
  changed_.notify_all();
}

void RunSignal::notify() {
  { std::lock_guard lock(mutex_); }
  changed_.notify_all();
}

bool RunSignal::wait(std::chrono::nanoseconds time, StopLevel until) {
  // Deadlines far away would overflow the clock; a day is long enough to ask again.
  const auto most = std::min<std::chrono::nanoseconds>(time, std::chrono::hours(24));
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, most, [&] { return level() >= until; });
}

}  // namespace sluice::host
