// Log lines of the host and of endpoints, with their fields, secrets scrubbed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/config/interpolation.hpp"
#include "sluice/host/log.hpp"

namespace sluice::host {

using LogFields = std::vector<std::pair<std::string, std::string>>;

// Copyable; the sink may be null. [any thread]
class RunLog {
 public:
  explicit RunLog(std::shared_ptr<LogSink> sink, LogFields fields = {})
      : sink_(std::move(sink)), fields_(std::move(fields)) {}

  // In place of a field of that name.
  RunLog with(std::string key, std::string value) const {
    RunLog copy = *this;
    std::erase_if(copy.fields_, [&](const auto& field) { return field.first == key; });
    copy.fields_.emplace_back(std::move(key), std::move(value));
    return copy;
  }
  void set_scrubber(std::shared_ptr<const Scrubber> scrubber) { scrubber_ = std::move(scrubber); }

  void write(Severity severity, std::string_view message, const LogFields& more = {}) const {
    if (!sink_) return;
    LogLine line{severity, std::chrono::system_clock::now(), scrubbed(message), fields_};
    for (const auto& [key, value] : more) line.fields.emplace_back(key, scrubbed(value));
    sink_->write(line);
  }
  void error(Severity severity, const Error& error) const {
    LogFields more{{"code", error.code()}};
    if (!error.where().empty()) more.emplace_back("where", error.where());
    write(severity, error.message(), more);
  }

 private:
  std::string scrubbed(std::string_view text) const {
    return scrubber_ ? scrubber_->scrub(text) : std::string(text);
  }

  std::shared_ptr<LogSink> sink_;
  LogFields fields_;
  std::shared_ptr<const Scrubber> scrubber_;
};

}  // namespace sluice::host
