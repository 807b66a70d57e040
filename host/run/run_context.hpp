// What the parts of one run share. Lives on the stack of the thread that called run().
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "host/run/cancel_state.hpp"
#include "host/run/endpoint_setup.hpp"
#include "host/run/ledger.hpp"
#include "host/run/negotiate.hpp"
#include "host/run/rejections.hpp"
#include "host/run/request.hpp"
#include "host/run/run_log.hpp"
#include "host/run/stream_writer.hpp"

namespace sluice::host {

// Gives the staging provider of that id, or null. Providers outlive the runs.
class StagingProviders {
 public:
  virtual ~StagingProviders() = default;
  virtual StagingProvider* find(std::string_view id) const = 0;
  virtual std::vector<std::string> ids() const = 0;
};

// What a run finds in its host. Outlives the run.
struct RunEnvironment {
  const EndpointCatalog& catalog;
  const StagingProviders& staging;
  std::shared_ptr<LogSink> log;
  std::filesystem::path lock_folder;
  std::function<void(const DurableStep&)> on_durable_step = {};  // of sinks; may be empty
  std::filesystem::path worker_program = {};  // for endpoints in processes of their own; empty: there is none
};

struct RunSetup;

struct RunContext {
  const RunEnvironment& environment;
  RunSetup& setup;

  RunSignal& signal;
  Rejections& rejections;
  Ledger& ledger;
  LiveCounts& live;
  RunLog log;
};

}  // namespace sluice::host
