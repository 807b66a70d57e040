#include "host/isolation/isolation.hpp"

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

Status Isolation::begin(const EndpointTemplate& of) {
  const std::lock_guard lock(mutex_);
  return begin_locked(of);
}

Result<std::shared_ptr<WorkerProcess>> Isolation::worker(const EndpointTemplate& of) {
  const std::lock_guard lock(mutex_);
  if (worker_ && ready_ && !worker_->alive()) worker_.reset();
  if (!worker_)
    if (Status status = begin_locked(of); !status.ok()) return std::move(status).take_error();
  if (!ready_) {
    if (Status status = worker_->ready(); !status.ok()) {
      worker_.reset();
      return std::move(status).take_error();
    }
    ready_ = true;
  }
  return worker_;
}

Status Isolation::begin_locked(const EndpointTemplate& of) {
  if (settings_.program.empty())
    return Error(ErrorClass::config, "E_WORKER_MISSING",
                 "there is no helper executable sluice-worker for policy.isolation \"process\"",
                 "policy.isolation", "install it in lib/sluice beside the library, or name it to the host");
  Result<std::shared_ptr<const PluginImage>> image = of.plugin->image();
  if (!image) return std::move(image).error();
  image_ = std::move(*image);
  WorkerPlan plan;
  plan.program = settings_.program;
  plan.file = of.plugin->path;
  plan.image = image_->descriptor();
  plan.companions = of.plugin->companions;
  plan.budget = settings_.budget;
  plan.on_output = settings_.on_output;
  Result<std::unique_ptr<WorkerProcess>> started = WorkerProcess::begin(std::move(plan));
  if (!started) return std::move(started).error();
  worker_ = std::shared_ptr<WorkerProcess>(std::move(*started));
  ready_ = false;
  return {};
}

}  // namespace sluice::host
