// One instance of an endpoint in the worker: its channel, and the thread on which it is called.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "host/worker/program/services.hpp"
#include "host/worker/program/shared_regions.hpp"
#include "sluice/abi/plugin.h"

namespace sluice::worker {

class Instance {
 public:
  Instance(Control& control, const sluice_plugin& entry, uint32_t id, host::Channel channel)
      : entry_(entry), channel_(std::move(channel)), services_(control, id) {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Serves calls until the instance is destroyed or the host is gone. [the instance's thread]
  void serve();
  // [the control thread]
  void cancel(bool stopped);

 private:
  friend class ReadCall;

  // The form that every call's answer has.
  void answer(sluice_status status, const sluice_error& error, const host::MessageWriter& results);
  // Runs one of the plugin's functions and answers with its status; `results` is read afterwards.
  template <class Call>
  void run(Call&& call, const host::MessageWriter* results = nullptr);

  void create(host::MessageReader& body);
  void destroy();
  void call_source(host::Message kind, host::MessageReader& body);
  void call_sink(host::Message kind, host::MessageReader& body);
  void read(host::MessageReader& body);
  void write(host::MessageReader& body);

  sluice_emit emit() { return {this, &Instance::on_emit}; }
  static int32_t on_emit(void* self, sluice_str text);
  static sluice_status on_reject_written(void* self, uint32_t record, sluice_str code, sluice_str reason,
                                         sluice_error* error);

  const sluice_plugin& entry_;
  host::Channel channel_;
  Services services_;
  std::optional<SharedRegions> regions_;
  host::Received message_;  // the call being served
  bool lost_ = false;       // the host is gone

  std::mutex mutex_;  // cancel against destroy
  std::optional<sluice_source> source_;
  std::optional<sluice_sink> sink_;
};

}  // namespace sluice::worker
