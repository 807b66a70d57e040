// One call into the plugin: its status, or the exception that it let out although none may leave it.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "host/worker/message.hpp"
#include "host/worker/requests.hpp"

namespace sluice::worker {

class PluginRun {
 public:
  template <class Call>
  void operator()(Call&& call) {
    try {
      status_ = std::forward<Call>(call)();
    } catch (const std::exception& thrown) {
      threw_ = true;
      what_ = thrown.what();
    } catch (...) {
      threw_ = true;
      what_ = "of an unknown type";
    }
  }
  bool ok() const { return !threw_ && status_ == SLUICE_OK; }

  // What Message::done carries: u32 threw; text what, or the status with its error; then the results.
  host::MessageWriter answer(const sluice_error& error, const host::MessageWriter& results) const {
    host::MessageWriter out;
    out.u32(threw_ ? 1 : 0);
    if (threw_)
      out.text(what_);
    else
      host::put(out, status_, error);
    out.append(results);
    return out;
  }

 private:
  sluice_status status_ = SLUICE_OK;
  bool threw_ = false;
  std::string what_;
};

}  // namespace sluice::worker
