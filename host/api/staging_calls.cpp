// Staging of the `mmap` provider while no run uses it: list, check, repair, gc.
#include <boost/json/serialize.hpp>

#include "host/api/host_parts.hpp"
#include "host/api/staging_calls.hpp"
#include "host/api/staging_json.hpp"
#include "host/config/quantity.hpp"
#include "host/run/exit_code.hpp"
#include "host/run/run_result.hpp"

namespace sluice::host {

Result<std::string> stage_id_of(std::string_view stage_ref) {
  const size_t colon = stage_ref.find(':');
  if (colon == std::string_view::npos) return std::string(stage_ref);
  if (stage_ref.substr(0, colon) == "mmap") return std::string(stage_ref.substr(colon + 1));
  return Error(ErrorClass::config, "E_STAGE_ID",
               "\"" + std::string(stage_ref.substr(0, 80)) + "\" is no session of the provider mmap",
               "stageRef", "sessions of other providers are theirs to look after");
}

Reply Host::staging_list() const {
  return guarded([&]() -> Reply {
    const staging::MmapProvider& mmap = parts_->staging->mmap();
    std::vector<staging::SessionLook> looks;
    if (Status status = staging::list_staging(mmap.files(), mmap.settings().folder, looks); !status.ok())
      return failure_reply(status.error());
    boost::json::array sessions;
    for (const staging::SessionLook& look : looks) sessions.push_back(to_json(look));
    return reply({{"folder", mmap.settings().folder}, {"sessions", std::move(sessions)}});
  });
}

Reply Host::staging_check(std::string_view stage_ref) const {
  return guarded([&]() -> Reply {
    const staging::MmapProvider& mmap = parts_->staging->mmap();
    const std::string& folder = mmap.settings().folder;
    std::vector<std::string> ids;
    if (!stage_ref.empty()) {
      Result<std::string> id = stage_id_of(stage_ref);
      if (!id) return failure_reply(id.error());
      ids.push_back(std::move(*id));
    } else {
      std::vector<staging::SessionLook> looks;
      if (Status status = staging::list_staging(mmap.files(), folder, looks); !status.ok())
        return failure_reply(status.error());
      for (const staging::SessionLook& look : looks) ids.push_back(look.id);
    }
    boost::json::array sessions;
    int exit_code = exit_done;
    for (const std::string& id : ids) {
      staging::SessionCheck check;
      if (Status status = staging::check_session(mmap.files(), folder, id, check); status.ok()) {
        if (check.damaged()) exit_code = exit_staging_damaged;
        sessions.push_back(to_json(check));
      } else {
        if (!stage_ref.empty()) return failure_reply(status.error());
        // One of many: in use, just removed, or not to be read.
        const bool damaged = status.error().error_class() == ErrorClass::damaged;
        const bool of_no_matter =
            status.error().code() == "E_STAGE_BUSY" || status.error().code() == "E_STAGE_UNKNOWN";
        if (damaged) exit_code = exit_staging_damaged;
        if (!damaged && !of_no_matter && exit_code == exit_done)
          exit_code = exit_code_of(status.error(), false);
        sessions.push_back(boost::json::object{
            {"stageRef", stage_ref_of(id)}, {"damaged", damaged}, {"error", to_json(status.error())}});
      }
    }
    return {exit_code,
            boost::json::serialize(boost::json::object{{"folder", folder},
                                                       {"sessions", std::move(sessions)},
                                                       {"damaged", exit_code == exit_staging_damaged}})};
  });
}

Reply Host::staging_repair(std::string_view stage_ref) {
  return guarded([&]() -> Reply {
    const staging::MmapProvider& mmap = parts_->staging->mmap();
    Result<std::string> id = stage_id_of(stage_ref);
    if (!id) return failure_reply(id.error());
    staging::RepairReport report;
    if (Status status = staging::repair_session(mmap.files(), mmap.settings().folder, *id, report);
        !status.ok())
      return failure_reply(status.error());
    return {report.after.damaged() ? exit_staging_damaged : exit_done,
            boost::json::serialize(to_json(report))};
  });
}

Reply Host::staging_gc(const StagingGcOptions& options) {
  return guarded([&]() -> Reply {
    const staging::MmapProvider& mmap = parts_->staging->mmap();
    staging::GcOptions wanted;
    wanted.all = options.all;
    wanted.dry_run = options.dry_run;
    for (const std::string& stage_ref : options.stage_refs) {
      Result<std::string> id = stage_id_of(stage_ref);
      if (!id) return failure_reply(id.error());
      wanted.ids.push_back(std::move(*id));
    }
    if (!options.older_than.empty()) {
      Result<std::chrono::nanoseconds> age = parse_duration(options.older_than, "olderThan");
      if (!age) return failure_reply(age.error());
      wanted.older_than = std::chrono::duration_cast<std::chrono::microseconds>(*age);
    }
    staging::GcReport report;
    if (Status status = staging::collect_garbage(mmap.files(), mmap.settings().folder, wanted, report);
        !status.ok())
      return failure_reply(status.error());
    boost::json::object result{{"folder", mmap.settings().folder}, {"dryRun", options.dry_run}};
    for (auto& member : to_json(report)) result.emplace(member.key(), std::move(member.value()));
    // What was asked for by name and is still there was refused.
    const bool refused = !wanted.ids.empty() && !report.kept.empty();
    return {refused ? exit_rejected_request : exit_done, boost::json::serialize(result)};
  });
}

}  // namespace sluice::host
