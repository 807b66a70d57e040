// Endpoints of one run in a worker process: one process for the source's instances, one for the sink's. The
// same plugin binary, behind instances whose functions are messages.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "host/registry/instance_place.hpp"
#include "host/worker/worker_process.hpp"

namespace sluice::host {

struct IsolationSettings {
  std::filesystem::path program;  // the helper executable
  WorkerBudget budget;
  std::function<void(std::string_view)> on_output;  // a line that the plugin printed; may be empty
};

class Isolation final : public InstanceMaker {
 public:
  explicit Isolation(IsolationSettings settings) : settings_(std::move(settings)) {}

  Status make_source(const EndpointTemplatePtr& of, std::string_view config, const sluice_host* host,
                     const SharedPlaces& places, sluice_source& out) override;
  Status make_sink(const EndpointTemplatePtr& of, std::string_view config, const sluice_host* host,
                   const SharedPlaces& places, sluice_sink& out) override;

  // Starts a worker for the plugin and does not wait for it: worker() does. [any thread]
  Status begin(const EndpointTemplate& of);
  // A worker that has the plugin loaded; another one when the last has ended. [any thread]
  Result<std::shared_ptr<WorkerProcess>> worker(const EndpointTemplate& of);

 private:
  Status begin_locked(const EndpointTemplate& of);

  const IsolationSettings settings_;
  std::mutex mutex_;
  std::shared_ptr<WorkerProcess> worker_;
  std::shared_ptr<const PluginImage> image_;  // of the plugin, while workers may still load it
  bool ready_ = false;                        // worker_ has loaded it
};

}  // namespace sluice::host
