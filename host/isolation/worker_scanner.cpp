#include "host/isolation/worker_scanner.hpp"

#include "host/plugin/loaded_library.hpp"
#include "host/worker/worker_process.hpp"

namespace sluice::host {

namespace {

Error refusal_of(const Error& error, const std::filesystem::path& file, std::chrono::milliseconds time) {
  const std::string& code = error.code();
  if (code == "E_PLUGIN_LOAD") return loader_refusal(file, error.message());
  if (code == "E_PLUGIN_EXITED") return refuse(Refusal::scan_exited, file, error.message());
  if (code == "E_PLUGIN_HUNG")
    return refuse(Refusal::scan_hung, file, "it was given " + std::to_string(time.count()) + " ms");
  if (is_worker_loss(error)) return refuse(Refusal::scan_crashed, file, error.message());
  return refuse(Refusal::scan_failed, file, error.message());
}

}  // namespace

Result<ScannedEntry> WorkerScanner::scan(const PluginImage& image, const std::filesystem::path& file,
                                         std::span<const std::filesystem::path> companions) {
  WorkerPlan plan;
  plan.program = program_;
  plan.file = file;
  plan.image = image.descriptor();
  plan.companions.assign(companions.begin(), companions.end());
  plan.load_timeout = time_;
  Result<std::unique_ptr<WorkerProcess>> worker = WorkerProcess::start(std::move(plan));
  if (!worker) return refusal_of(worker.error(), file, time_);
  const LoadedEntry& entry = (*worker)->entry();
  return ScannedEntry{entry.size,    entry.abi_version,   entry.abi_oldest,  entry.descriptor,
                      entry.aligned, entry.create_source, entry.create_sink, entry.create_staging};
}

}  // namespace sluice::host
