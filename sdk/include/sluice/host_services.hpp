// The host, as an endpoint sees it. A thin wrapper over sluice_host; every function is [any thread].
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "sluice/abi/host.h"
#include "sluice/error.hpp"
#include "sluice/json.hpp"

namespace sluice {

enum class LogLevel : int32_t {
  trace = SLUICE_LOG_TRACE,
  debug = SLUICE_LOG_DEBUG,
  info = SLUICE_LOG_INFO,
  warning = SLUICE_LOG_WARNING,
  error = SLUICE_LOG_ERROR,
};

// Copyable; valid as long as the endpoint it was given to.
class HostServices {
 public:
  explicit HostServices(const sluice_host* host) : host_(host) {}

  void log(LogLevel level, std::string_view message, const Json& fields = {}) const {
    std::string text = fields.is_object() ? fields.dump() : std::string();
    host_->log(host_->self, static_cast<int32_t>(level), abi(message), abi(text));
  }
  bool cancelled() const { return host_->cancelled(host_->self) != 0; }
  // Waits, or returns true early when the run is cancelled.
  bool wait(std::chrono::milliseconds time) const {
    return host_->wait(host_->self, static_cast<uint64_t>(time.count() < 0 ? 0 : time.count())) != 0;
  }
  // Throws E_CANCELLED when the run shall stop; ask it in long loops.
  void throw_if_cancelled() const {
    if (cancelled()) throw Error(ErrorClass::cancelled, "E_CANCELLED", "the run was asked to stop");
  }
  std::chrono::sys_time<std::chrono::microseconds> now() const {
    return std::chrono::sys_time<std::chrono::microseconds>(
        std::chrono::microseconds(host_->now(host_->self)));
  }
  void add_metric(std::string_view name, double value) const { host_->metric(host_->self, abi(name), value); }
  // The present value of ${env:NAME} or ${file:PATH}; for secrets that change while the endpoint lives.
  std::string secret(std::string_view reference) const {
    std::string value;
    sluice_emit out{&value, [](void* self, sluice_str text) -> int32_t {
                      static_cast<std::string*>(self)->assign(view(text));
                      return 0;
                    }};
    sluice_error error = new_abi_error();
    from_abi(host_->secret(host_->self, abi(reference), out, &error), error).throw_if_failed();
    return value;
  }

 private:
  const sluice_host* host_;
};

// What an endpoint is created with: its configuration (valid against the template's schema, references
// resolved, defaults filled in) and the host.
class Context {
 public:
  Context(const sluice_host* host, std::string_view template_id, Json config)
      : host_(host), template_id_(template_id), config_(std::move(config)) {}

  const HostServices& host() const { return host_; }
  const std::string& template_id() const { return template_id_; }
  const Json& config() const { return config_; }

 private:
  HostServices host_;
  std::string template_id_;
  Json config_;
};

}  // namespace sluice
