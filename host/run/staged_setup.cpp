// import and resume: a run is set up from what its staging session tells of it.
#include <boost/json/serialize.hpp>

#include "host/run/run_setup.hpp"

namespace sluice::host {

// Opens the session, and takes over its request where the caller's says nothing.
Status RunPreparation::open_stage(const ParsedRequest& parsed) {
  const StageRef ref{setup_.request.staging_provider_id, setup_.request.stage_id};
  const bool reads_only = setup_.phase == RunPhase::import_only;
  StagingRequest request;
  request.stage_id = ref.stage_id;
  request.ends = reads_only ? StagingEnds::reader : StagingEnds::both;
  request.durability = Durability::os;
  request.fail_when_full = setup_.request.policy.staging.fail_when_full;
  if (Status status = wait_for_stage(request); !status.ok()) return status;
  result_.stage_ref = ref.text();
  Result<StageNote> note = parse_stage_note(setup_.session->note(), ref.text());
  if (!note) {
    setup_.session->keep();
    return std::move(note).error();
  }
  setup_.note = std::move(*note);
  const StageNote& staged = setup_.note;

  boost::json::object merged = laid_over(staged.request, parsed.json);
  merged["unitId"] = staged.request.contains("unitId") ? staged.request.at("unitId") : boost::json::value("");
  merged["runId"] = staged.run_id;
  merged["stageRef"] = ref.text();
  merged["stagingProviderId"] = ref.provider_id;
  ParsedRequest whole = parse_request(boost::json::serialize(merged), setup_.phase);
  if (!whole.request) return whole.request.error();
  const auto* policy = parsed.json.if_contains("policy");
  const bool has_policy = policy && policy->is_object();
  if (staged.secrets_removed && (!has_policy || (!policy->get_object().contains("parameters") &&
                                                 !policy->get_object().contains("sink"))))
    return Error(ErrorClass::config, "E_STAGE_SECRETS",
                 "the request of " + ref.text() + " had secrets in its parameters, which are not stored",
                 "policy.parameters", "give the request again: sluice resume STAGEREF REQUEST.json");
  setup_.request = *whole.request;
  result_.run_id = staged.run_id;
  log_ = log_.with("runId", staged.run_id);
  result_.delivery = setup_.request.policy.exactly_once ? "exactly-once" : "at-least-once";
  setup_.unit = staged.unit;
  setup_.unit_key = staged.unit_key;
  setup_.slices = staged.slices;
  setup_.before = staged.before;
  result_.checkpoint_before = result_.new_checkpoint = setup_.before;
  return {};
}

// With `follow` the session may come later, and its writer be alive.
Status RunPreparation::wait_for_stage(const StagingRequest& request) {
  const auto& timeout = setup_.request.policy.limits.timeout;
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    Status status = setup_.provider->open(request, setup_.session);
    const bool waits = !status.ok() && options_.follow && status.error().code() == "E_STAGE_UNKNOWN";
    if (!waits) {
      if (!status.ok()) return status;
      // The exporter notes its run right after it made the session.
      if (!options_.follow || !setup_.session->note().empty()) break;
      setup_.session->keep();
      setup_.session.reset();
    }
    if (timeout && std::chrono::steady_clock::now() - begin >= *timeout)
      return Error(ErrorClass::cancelled, "E_TIMEOUT", "no export of " + request.stage_id + " began in time",
                   "policy.limits.timeout");
    if (signal_.wait(std::chrono::milliseconds(100), StopLevel::drain))
      return Error(ErrorClass::cancelled, "E_CANCELLED", "the run was asked to stop");
  }
  StagingStreamState state;
  if (Status status = setup_.session->state(0, state); !status.ok()) return status;
  if (setup_.phase != RunPhase::import_only || options_.follow || !state.writer_alive || state.sealed)
    return {};
  setup_.session->keep();
  setup_.session.reset();
  return Error(ErrorClass::transient, "E_STAGE_BUSY",
               "the export of " + request.stage_id + " is still writing", request.stage_id,
               "import it beside the export with --follow, or when it has ended");
}

// Only what was cut off needs the source again.
bool RunPreparation::source_is_needed() const {
  if (setup_.phase != RunPhase::resume) return false;
  for (uint32_t stream = 0; stream < setup_.note.streams.size(); ++stream) {
    StagingStreamState state;
    if (!setup_.session->state(stream, state).ok() || !state.sealed || state.forgotten) return true;
  }
  return false;
}

}  // namespace sluice::host
