#include "sluice/host/host.hpp"

#include <dlfcn.h>

#include <boost/json/serialize.hpp>
#include <boost/version.hpp>
#include <cstdlib>

#include "host/api/host_parts.hpp"
#include "host/config/quantity.hpp"
#include "host/isolation/worker_scanner.hpp"
#include "host/run/exit_code.hpp"
#include "host/run/run.hpp"
#include "host/worker/process_spawn.hpp"
#include "sluice/abi/plugin.h"
#include "staging/files/watched_files.hpp"

namespace sluice::host {

namespace {

// lib/sluice/plugins beside the library that this code is in: <prefix>/lib/libsluice.so.
std::filesystem::path folder_beside_library() {
  Dl_info about{};
  if (dladdr(reinterpret_cast<const void*>(&Host::version), &about) == 0 || !about.dli_fname) return {};
  std::error_code error;
  auto library = std::filesystem::canonical(about.dli_fname, error);
  return error ? std::filesystem::path() : library.parent_path() / "sluice" / "plugins";
}

void add_list(std::string_view list, std::vector<std::filesystem::path>& folders) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(':'), list.size());
    if (end > 0) folders.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

// Flag, environment, file, default: the first that names any folder has the say.
std::vector<std::filesystem::path> find_plugin_folders(const HostOptions& options, const ConfigFile& config) {
  std::vector<std::filesystem::path> folders;
  for (const std::string& folder : options.plugin_folders) folders.emplace_back(folder);
  if (const char* list = std::getenv("SLUICE_PLUGIN_PATH");
      folders.empty() && options.use_environment && list)
    add_list(list, folders);
  if (folders.empty())
    for (const std::string& folder : config.plugin_paths) folders.push_back(config.base_dir / folder);
  if (folders.empty()) {
    std::filesystem::path standard = options.default_plugin_folder.empty()
                                         ? folder_beside_library()
                                         : std::filesystem::path(options.default_plugin_folder);
    std::error_code error;
    if (std::filesystem::is_directory(standard, error)) folders.push_back(std::move(standard));
  }
  return folders;
}

std::string_view name_of(staging::FileStep::Kind kind) {
  using Kind = staging::FileStep::Kind;
  switch (kind) {
    case Kind::create:
      return "create";
    case Kind::write:
      return "write";
    case Kind::commit:
      return "commit";
    case Kind::sync:
      return "sync";
    case Kind::sync_folder:
      return "sync-folder";
    case Kind::rename:
      return "rename";
    case Kind::remove:
      return "remove";
    case Kind::make_folder:
      return "make-folder";
    case Kind::remove_folder:
      return "remove-folder";
  }
  return "";
}

std::unique_ptr<staging::FileLayer> staging_files(const HostOptions& options) {
  if (!options.on_durable_step) return std::make_unique<staging::PosixFiles>();
  return std::make_unique<staging::WatchedFiles>(
      [watch = options.on_durable_step](const staging::FileStep& step) {
        watch({name_of(step.kind), step.path, step.to, step.done});
      });
}

}  // namespace

Reply failure_reply(const Error& error, int exit_code) {
  return {exit_code, boost::json::serialize(boost::json::object{{"error", to_json(error)}})};
}
Reply failure_reply(const Error& error) {
  return failure_reply(error, exit_code_of(error, false));
}
Reply reply(const boost::json::object& result) {
  return {exit_done, boost::json::serialize(result)};
}

Host::Host(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Host::~Host() = default;

Host::Opened Host::open(const HostOptions& options) {
  Opened opened;
  auto parts = std::make_unique<Parts>(options);
  ConfigLookup lookup;
  if (options.use_environment)
    lookup = standard_lookup(options.config_file);
  else
    lookup.flag = options.config_file;
  Result<ConfigFile> config = load_config(lookup);
  if (!config) {
    opened.failure = failure_reply(config.error());
    return opened;
  }
  parts->catalog.config = std::move(*config);
  parts->log = parts->log.with("component", "host");
  parts->worker_program = find_worker_program(options.worker_program);
  if (!parts->worker_program.empty())
    parts->scanner = std::make_unique<WorkerScanner>(parts->worker_program, options.scan_timeout);
  parts->plugin_folders = find_plugin_folders(options, parts->catalog.config);
  parts->load_plugins();
  Result<uint64_t> cap = parts->memory_cap();
  Result<staging::MmapSettings> mmap = parts->mmap_settings();
  if (!cap || !mmap) {
    opened.failure = failure_reply(cap ? mmap.error() : cap.error());
    return opened;
  }
  if (!options.staging_folder.empty()) mmap->folder = options.staging_folder;
  parts->staging.emplace(*cap, std::move(*mmap), staging_files(options));
  parts->services = std::make_unique<EndpointServices>(parts->log, parts->signal, StopLevel::now,
                                                       parts->catalog.config.base_dir);
  parts->staging->add_plugins(parts->catalog, parts->services->table(), parts->staging_failures);
  for (const Error& failure : parts->staging_failures) parts->log.error(Severity::warning, failure);
  parts->watch_plugins();
  opened.host.reset(new Host(std::move(parts)));
  return opened;
}

Result<uint64_t> Host::Parts::memory_cap() const {
  const auto* memory = catalog.config.staging.if_contains("memory");
  const auto* cap = memory && memory->is_object() ? memory->get_object().if_contains("maxBytes") : nullptr;
  if (!cap || !cap->is_string()) return options.memory_staging_bytes;
  return parse_size(std::string_view(cap->get_string()), "staging.memory.maxBytes");
}

Reply Host::Parts::run(std::string_view request, RunPhase phase, const RunOptions& run_options) const {
  RunResult result;
  try {
    result = run_request(environment(), parse_request(request, phase), run_options);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& unexpected) {
    // A bug of the host. The result's form is kept so that callers need no second way to fail.
    result.errors.push_back(
        Error(ErrorClass::system, "E_INTERNAL", unexpected.what(), "", "please report this"));
    result.exit_code = exit_internal;
  }
  return {result.exit_code, boost::json::serialize(to_json(result))};
}

Reply Host::run(std::string_view request, const RunOptions& options) {
  return parts_->run(request, RunPhase::whole, options);
}
Reply Host::export_stage(std::string_view request, const RunOptions& options) {
  return parts_->run(request, RunPhase::export_only, options);
}
Reply Host::import_stage(std::string_view request, const RunOptions& options) {
  return parts_->run(request, RunPhase::import_only, options);
}
Reply Host::resume_stage(std::string_view request, const RunOptions& options) {
  return parts_->run(request, RunPhase::resume, options);
}

Reply Host::version() {
  return reply({{"version", SLUICE_VERSION},
                {"abi", {{"oldest", SLUICE_ABI_OLDEST}, {"newest", SLUICE_ABI_VERSION}}},
                {"compiler", __VERSION__},
                {"boost", BOOST_LIB_VERSION},
                {"staging", {"memory", "mmap"}}});
}

}  // namespace sluice::host
