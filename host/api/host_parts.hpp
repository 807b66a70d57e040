// What a Host is made of.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/plugin/plugin_folders.hpp"
#include "host/plugin/plugin_scanner.hpp"
#include "host/plugin/plugin_watch.hpp"
#include "host/plugin/scan_cache.hpp"
#include "host/run/endpoint_services.hpp"
#include "host/run/run_context.hpp"
#include "host/run/unit_lock.hpp"
#include "sluice/host/host.hpp"
#include "staging/files/file_layer.hpp"
#include "staging/memory/memory_provider.hpp"
#include "staging/mmap/mmap_provider.hpp"

namespace sluice::host {

// The providers of a host: `memory`, `mmap`, and those that plugins bring.
class HostStaging : public StagingProviders {
 public:
  HostStaging(uint64_t memory_bytes, staging::MmapSettings mmap, std::unique_ptr<staging::FileLayer> files)
      : memory_(memory_bytes), files_(std::move(files)), mmap_(std::move(mmap), *files_) {}

  // Makes an instance of every staging template in the registry. `services` outlives this. A provider that
  // cannot be made is left out, with its reason in `failures`.
  void add_plugins(const EndpointCatalog& catalog, const sluice_host* services, std::vector<Error>& failures);

  StagingProvider* find(std::string_view id) const override;
  std::vector<std::string> ids() const override;
  staging::MmapProvider& mmap() const { return mmap_; }

 private:
  mutable staging::MemoryProvider memory_;
  const std::unique_ptr<staging::FileLayer> files_;
  mutable staging::MmapProvider mmap_;
  std::map<std::string, std::unique_ptr<StagingProvider>, std::less<>> from_plugins_;
};

struct Host::Parts {
  explicit Parts(const HostOptions& from) : options(from), log(from.log) {}

  HostOptions options;
  EndpointCatalog catalog;
  std::vector<std::filesystem::path> plugin_folders;
  std::filesystem::path worker_program;    // empty: there is none
  std::unique_ptr<PluginScanner> scanner;  // null: plugins are scanned in this process
  std::optional<ScanCache> scan_cache;
  std::optional<PluginFolders> plugins;
  RunSignal signal;                            // never raised: for endpoints outside runs
  std::unique_ptr<EndpointServices> services;  // for staging providers
  std::optional<HostStaging> staging;          // after services: its providers use them
  std::vector<Error> staging_failures;
  RunLog log;
  std::unique_ptr<PluginWatch> watch;  // the last: what it calls is there as long as its thread

  // Bytes of memory staging for all sessions: the configuration file's, else the options'.
  Result<uint64_t> memory_cap() const;
  // Where mmap staging lies: the configuration file's folder, else the system's or the user's own.
  Result<staging::MmapSettings> mmap_settings() const;
  // Where scans are kept: the options' folder, the environment's, the configuration file's, else the system's
  // or the user's own.
  std::filesystem::path cache_folder() const;
  // Sets up `plugins`, and looks at the folders for the first time.
  void load_plugins();
  // Looks again, and says in the log what changed. [any thread]
  PluginChanges reload();
  void say(const PluginChanges& changes);
  // When the options want it. Everything else is there.
  void watch_plugins();
  // One run, whatever happens a result.
  Reply run(std::string_view request, RunPhase phase, const RunOptions& run_options) const;
  RunEnvironment environment() const {
    return {catalog,       *staging, options.log, UnitLock::default_folder(), options.on_durable_step,
            worker_program};
  }
};

// The reply of a call that failed.
Reply failure_reply(const Error& error, int exit_code);
// The reply of a call that failed before data moved.
Reply failure_reply(const Error& error);
Reply reply(const boost::json::object& result);

// A bug of the host becomes a reply: embedding programs need no second way to fail.
template <class Call>
Reply guarded(Call&& call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& unexpected) {
    return failure_reply(Error(ErrorClass::system, "E_INTERNAL", unexpected.what(), "", "please report this"),
                         1);
  }
}

}  // namespace sluice::host
