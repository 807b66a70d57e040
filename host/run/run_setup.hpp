// Everything that is decided before data moves: endpoints, staging, formats, lock, slices. Refuses with a
// reason.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/registry/source_handle.hpp"
#include "host/run/endpoint_services.hpp"
#include "host/run/run_context.hpp"
#include "host/run/run_result.hpp"
#include "host/run/stage_note.hpp"
#include "host/run/unit_lock.hpp"
#include "sluice/host/host.hpp"

namespace sluice::host {

// What a run works with. Lives as long as it.
struct RunSetup {
  RunSetup() = default;
  RunSetup(const RunSetup&) = delete;
  RunSetup& operator=(const RunSetup&) = delete;
  // What is staged is taken away only by a decision.
  ~RunSetup() {
    if (session) session->keep();
  }

  RunPhase phase = RunPhase::whole;
  RunRequest request;
  std::optional<EndpointSetup> source;  // import_only: absent
  std::optional<EndpointSetup> sink;    // export_only: absent when the request names none
  std::vector<RunUse> plugin_uses;      // of the generations that the endpoints come from
  boost::json::object unit;
  std::string unit_key;
  Agreement agreement;
  StagingProvider* provider = nullptr;
  Durability staging_durability = Durability::memory;
  std::optional<UnitLock> lock;
  std::unique_ptr<EndpointServices> planner_services;
  std::optional<SourceHandle> planner;  // describes the unit, plans slices, merges their checkpoints
  boost::json::value before;            // the checkpoint that the source goes on from
  std::vector<SliceState> slices;
  StageNote note;
  std::unique_ptr<StagingSession> session;  // import and resume: open
  std::string stage_ref;                    // of the session in use; empty: none that outlives the process
  // By this process, in that session: what was committed before it began, and what its frames hold that the
  // source is not asked for again.
  Counts committed_before, staged;
  // The stage's request had secrets in their parameters, and the caller's does not give them again.
  bool source_lacks_secrets = false, sink_lacks_secrets = false;
};

// Gives the endpoint a process of its own, which starts while the rest is prepared.
Status isolate(const RunEnvironment& environment, const RunLog& run_log, const Policy& policy,
               EndpointSetup& endpoint);

class RunPreparation {
 public:
  // All outlive it. What is found out on the way stands in `result` and `setup` even when it fails.
  RunPreparation(const RunEnvironment& environment, const RunOptions& options, RunSignal& signal, RunLog& log,
                 RunResult& result, RunSetup& setup)
      : environment_(environment),
        options_(options),
        signal_(signal),
        log_(log),
        result_(result),
        setup_(setup) {}

  Status run(const ParsedRequest& parsed);
  // Later, for a stage that turns out not to be enough.
  Status add_source();

 private:
  Status accept(const ParsedRequest& parsed);
  Status find_provider();
  Status agree_on_durability();
  Status set_up_source();
  Status set_up_sink();
  void share_secrets();
  Status describe_unit();
  Status open_planner();
  Status open_stage(const ParsedRequest& parsed);
  Status wait_for_stage(const StagingRequest& request);
  Status require_end_of_export();
  void take_secrets(const boost::json::object& given, const boost::json::object& merged);
  bool source_is_needed() const;
  Status take_lock(const std::string& source_id, const std::string& source_identity);
  Status plan_slices();
  Status call_planner(std::vector<SliceState>& slices);
  void name_plugin(const EndpointSetup& setup, const char* role);
  void write_note(const boost::json::object& request);

  const RunEnvironment& environment_;
  const RunOptions& options_;
  RunSignal& signal_;
  RunLog& log_;
  RunResult& result_;
  RunSetup& setup_;
};

}  // namespace sluice::host
