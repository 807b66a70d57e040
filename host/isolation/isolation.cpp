#include "host/isolation/isolation.hpp"
#include <fcntl.h>

#include "host/isolation/isolated_sink.hpp"
#include "host/isolation/isolated_source.hpp"

namespace sluice::host {

Status Isolation::make_source(const EndpointTemplatePtr& of, std::string_view config, const sluice_host* host,
                              const SharedPlaces& places, sluice_source& out) {
  auto source = std::make_unique<IsolatedSource>(*this, of, std::string(config), host, places);
  if (Status status = source->create(); !status.ok()) return status;
  out = IsolatedSource::hand_over(std::move(source));
  return {};
}

Status Isolation::make_sink(const EndpointTemplatePtr& of, std::string_view config, const sluice_host* host,
                            const SharedPlaces& places, sluice_sink& out) {
  auto sink = std::make_unique<IsolatedSink>(*this, of, std::string(config), host, places);
  if (Status status = sink->create(); !status.ok()) return status;
  out = IsolatedSink::hand_over(std::move(sink));
  return {};
}

Result<std::shared_ptr<WorkerProcess>> Isolation::worker(const EndpointTemplate& of) {
  const std::lock_guard lock(mutex_);
  if (worker_ && worker_->alive()) return worker_;
  Result<std::shared_ptr<WorkerProcess>> started = start(of);
  if (started) worker_ = *started;
  return started;
}

Result<std::shared_ptr<WorkerProcess>> Isolation::start(const EndpointTemplate& of) const {
  if (settings_.program.empty())
    return Error(ErrorClass::config, "E_WORKER_MISSING",
                 "there is no helper executable sluice-worker for policy.isolation \"process\"",
                 "policy.isolation", "install it in lib/sluice beside the library, or name it to the host");
  const UniqueFd image(::open(of.plugin->path.c_str(), O_RDONLY | O_CLOEXEC));
  WorkerPlan plan;
  plan.program = settings_.program;
  plan.file = of.plugin->path;
  plan.image = image.get();
  plan.budget = settings_.budget;
  plan.on_output = settings_.on_output;
  Result<std::unique_ptr<WorkerProcess>> started = WorkerProcess::start(std::move(plan));
  if (!started) return std::move(started).error();
  return std::shared_ptr<WorkerProcess>(std::move(*started));
}

}  // namespace sluice::host
