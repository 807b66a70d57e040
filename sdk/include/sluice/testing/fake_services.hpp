// The host's services for a test: nothing is real, everything is recorded.
#pragma once

#include <atomic>
#include <chrono>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/abi/host.h"
#include "sluice/host_services.hpp"

namespace sluice::testing {

// Outlives every endpoint that was made with it. Every function is [any thread].
class FakeHost {
 public:
  struct Line {
    LogLevel level;
    std::string message;
    std::string fields;  // a JSON object, or empty
  };

  FakeHost() = default;
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const sluice_host* abi() const { return &table_; }
  HostServices services() const { return HostServices(&table_); }

  // Cancellation: at once, or when the endpoint asks for the n-th time (1 is the first).
  void cancel() { cancelled_ = true; }
  void cancel_at_question(uint64_t n) { cancel_at_ = n; }

  // The clock stands still but for wait(), which adds the time that it was asked to wait.
  void set_now(std::chrono::sys_time<std::chrono::microseconds> now) {
    now_ = now.time_since_epoch().count();
  }
  void set_secret(std::string reference, std::string value) {
    std::lock_guard lock(mutex_);
    secrets_[std::move(reference)] = std::move(value);
  }

  std::vector<Line> lines() const { return copy(lines_); }
  bool logged(std::string_view part) const {
    std::lock_guard lock(mutex_);
    for (const Line& line : lines_)
      if (line.message.find(part) != std::string::npos) return true;
    return false;
  }
  std::map<std::string, double> metrics() const { return copy(metrics_); }
  double metric(const std::string& name) const {
    std::lock_guard lock(mutex_);
    auto found = metrics_.find(name);
    return found == metrics_.end() ? 0 : found->second;
  }
  std::vector<std::chrono::milliseconds> waits() const { return copy(waits_); }

 private:
  static FakeHost& get(void* self) { return *static_cast<FakeHost*>(self); }
  template <class T>
  T copy(const T& from) const {
    std::lock_guard lock(mutex_);
    return from;
  }
  bool ask() { return cancelled_ || ++questions_ >= cancel_at_; }

  static void log(void* self, int32_t level, sluice_str message, sluice_str fields) {
    std::lock_guard lock(get(self).mutex_);
    get(self).lines_.push_back(
        {static_cast<LogLevel>(level), std::string(view(message)), std::string(view(fields))});
  }
  static int32_t cancelled(void* self) { return get(self).ask(); }
  static int32_t wait(void* self, uint64_t milliseconds) {
    FakeHost& host = get(self);
    const auto bounded = static_cast<int64_t>(std::min<uint64_t>(milliseconds, INT64_MAX / 1000000));
    {
      std::lock_guard lock(host.mutex_);
      host.waits_.emplace_back(bounded);
    }
    host.now_ += bounded * 1000;
    return host.ask();
  }
  static int64_t now(void* self) { return get(self).now_; }
  static void metric(void* self, sluice_str name, double value) {
    std::lock_guard lock(get(self).mutex_);
    get(self).metrics_[std::string(view(name))] += value;
  }
  static sluice_status secret(void* self, sluice_str reference, sluice_emit out, sluice_error* error) {
    std::string value;
    {
      std::lock_guard lock(get(self).mutex_);
      auto found = get(self).secrets_.find(std::string(view(reference)));
      if (found == get(self).secrets_.end())
        return to_abi(Error(ErrorClass::config, "E_SECRET",
                            "the fake host has no secret \"" + std::string(view(reference)) + "\""),
                      error);
      value = found->second;
    }
    (void)out.emit(out.self, sluice::abi(value));
    return SLUICE_OK;
  }

  const sluice_host table_{
      sizeof(sluice_host), SLUICE_ABI_VERSION, this, log, cancelled, wait, now, metric, secret};
  std::atomic<bool> cancelled_{false};
  std::atomic<uint64_t> questions_{0}, cancel_at_{std::numeric_limits<uint64_t>::max()};
  std::atomic<int64_t> now_{1767225600000000};  // 2026-01-01T00:00:00Z
  mutable std::mutex mutex_;
  std::vector<Line> lines_;
  std::map<std::string, double> metrics_;
  std::map<std::string, std::string> secrets_;
  std::vector<std::chrono::milliseconds> waits_;
};

}  // namespace sluice::testing
