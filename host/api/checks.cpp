// validate and doctor: what is wrong with a configuration or a machine, before a run finds out.
#include <sys/resource.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>

#include "host/api/host_parts.hpp"
#include "host/config/quantity.hpp"
#include "host/run/exit_code.hpp"
#include "host/run/request.hpp"
#include "host/run/run_result.hpp"
#include "staging/mmap/staging_folder.hpp"

namespace sluice::host {

namespace {

boost::json::array list_of(const std::vector<Error>& errors) {
  boost::json::array list;
  for (const Error& error : errors) list.push_back(to_json(error));
  return list;
}

// Everything about a request that can be told without opening an endpoint.
std::vector<Error> check_request(const RunEnvironment& environment, const ParsedRequest& parsed) {
  if (!parsed.request) return {parsed.request.error()};
  const RunRequest& request = *parsed.request;
  std::vector<Error> errors;
  if (auto source =
          set_up_endpoint(environment.catalog, request.endpoint_id, request.policy.source, "source");
      !source)
    errors.push_back(source.error());
  if (auto sink = set_up_endpoint(environment.catalog, request.sink_endpoint_id, request.policy.sink, "sink");
      !sink)
    errors.push_back(sink.error());
  if (!environment.staging.find(request.staging_provider_id))
    errors.push_back(Error(ErrorClass::config, "E_PROVIDER_UNKNOWN",
                           "no staging provider \"" + request.staging_provider_id + "\"",
                           "stagingProviderId"));
  return errors;
}

class Checkup {
 public:
  void add(std::string_view name, bool ok, const std::string& detail, const std::string& hint = "") {
    all_ok_ = all_ok_ && ok;
    checks_.push_back(
        boost::json::object{{"name", name}, {"ok", ok}, {"detail", detail}, {"hint", ok ? "" : hint}});
  }
  Reply reply() && {
    return {all_ok_ ? exit_done : exit_environment,
            boost::json::serialize(boost::json::object{{"ok", all_ok_}, {"checks", std::move(checks_)}})};
  }

 private:
  boost::json::array checks_;
  bool all_ok_ = true;
};

// Whether durable staging can be used, and what lies in it. The folder is made when it is first used.
void check_mmap_staging(const staging::MmapProvider& mmap, Checkup& checkup) {
  const std::string& folder = mmap.settings().folder;
  std::error_code error;
  if (!std::filesystem::exists(folder, error))
    return checkup.add("mmap staging", true, folder + " is not there yet");
  if (Status status = staging::prepare_staging_folder(mmap.files(), folder); !status.ok())
    return checkup.add("mmap staging", false, status.error().message(), status.error().hint());
  std::vector<std::string> sessions;
  if (Status status = staging::list_sessions(mmap.files(), folder, sessions); !status.ok())
    return checkup.add("mmap staging", false, status.error().message(), status.error().hint());
  checkup.add("mmap staging", true,
              folder + (sessions.empty() ? ", nothing staged"
                                         : ", " + std::to_string(sessions.size()) +
                                               " sessions (`sluice staging list` shows them)"));
}

}  // namespace

Reply Host::validate(std::string_view request) const {
  return guarded([&]() -> Reply {
    bool ok = true;
    boost::json::array endpoints;
    for (const auto& [id, config] : parts_->catalog.config.endpoints) {
      const std::vector<Error> errors = check_endpoint(parts_->catalog, id);
      ok = ok && errors.empty();
      endpoints.push_back(
          boost::json::object{{"endpointId", id}, {"ok", errors.empty()}, {"errors", list_of(errors)}});
    }
    boost::json::object result{{"config", parts_->catalog.config.path.string()},
                               {"endpoints", std::move(endpoints)}};
    if (!request.empty()) {
      const ParsedRequest parsed = parse_request(request);
      const std::vector<Error> errors = check_request(parts_->environment(), parsed);
      ok = ok && errors.empty();
      result["request"] = {
          {"ok", errors.empty()}, {"errors", list_of(errors)}, {"warnings", list_of(parsed.unknown_keys)}};
    }
    result["ok"] = ok;
    return {ok ? exit_done : exit_rejected_request, boost::json::serialize(result)};
  });
}

Reply Host::doctor() const {
  return guarded([&]() -> Reply {
    Checkup checkup;
    const auto& config = parts_->catalog.config;
    checkup.add("configuration", true,
                config.path.empty() ? "none found; endpoints come inline" : config.path.string());
    size_t wrong = 0;
    for (const auto& [id, endpoint] : config.endpoints)
      wrong += check_endpoint(parts_->catalog, id).empty() ? 0 : 1;
    checkup.add("endpoints", wrong == 0,
                std::to_string(config.endpoints.size()) + " configured, " + std::to_string(wrong) + " wrong",
                "`sluice validate` says what is wrong");
    size_t loaded = 0, refused = 0;
    for (const PluginReport& report : parts_->catalog.registry.reports())
      ++(report.outcome == PluginOutcome::loaded ? loaded : refused);
    checkup.add("plugins", loaded > 0 && refused == 0,
                std::to_string(loaded) + " loaded, " + std::to_string(refused) + " refused, from " +
                    std::to_string(parts_->plugin_folders.size()) + " folders",
                loaded == 0 ? "name a plugin folder with --plugins or SLUICE_PLUGIN_PATH"
                            : "`sluice plugins list` says why");
    for (const Error& failure : parts_->staging_failures)
      checkup.add("staging provider", false, failure.message(), failure.hint());

    StagingRequest request;
    request.max_bytes = uint64_t{64} << 20;
    request.max_batch_bytes = uint64_t{1} << 20;
    request.run_id = "doctor";
    std::unique_ptr<StagingSession> session;
    Status opened = parts_->staging->find("memory")->open(request, session);
    checkup.add("memory staging", opened.ok(),
                opened.ok() ? "a session of 64 MiB opens" : opened.error().message(),
                opened.ok() ? "" : opened.error().hint());
    check_mmap_staging(parts_->staging->mmap(), checkup);
    Result<UnitLock> lock =
        UnitLock::take("doctor " + std::to_string(getpid()), "doctor", UnitLock::default_folder());
    checkup.add("unit locks", static_cast<bool>(lock),
                lock ? UnitLock::default_folder().string() : lock.error().message(),
                lock ? "" : lock.error().hint());
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    checkup.add("open files", files.rlim_cur >= 256, "limit " + std::to_string(files.rlim_cur),
                "raise it with ulimit -n 1024");
    return std::move(checkup).reply();
  });
}

}  // namespace sluice::host
