// import and resume: a run is set up from what its staging session tells of it.
#include <boost/json/serialize.hpp>

#include "host/run/run_setup.hpp"

namespace sluice::host {

namespace {

namespace json = boost::json;

json::object* object_in(json::object& holder, std::string_view key) {
  auto* value = holder.if_contains(key);
  return value ? value->if_object() : nullptr;
}
const json::object* object_in(const json::object& holder, std::string_view key) {
  const auto* value = holder.if_contains(key);
  return value ? value->if_object() : nullptr;
}
bool has(const json::object* holder, std::string_view key) {
  const auto* value = holder ? holder->if_contains(key) : nullptr;
  return value && !value->is_null();
}

// The stage's request without what describes an endpoint that the caller replaces: parameters of one are not
// mixed with those of another.
json::object without_replaced(json::object staged, const json::object& given) {
  json::object* policy = object_in(staged, "policy");
  if (!policy) return staged;
  const json::object* over = object_in(given, "policy");
  if (has(over, "templateId")) policy->erase("parameters");
  const json::object* sink = over ? object_in(*over, "sink") : nullptr;
  const auto* named = given.if_contains("sinkEndpointId");
  const bool another = named && named->is_string() &&
                       (!staged.contains("sinkEndpointId") || staged.at("sinkEndpointId") != *named);
  if (another || has(sink, "templateId")) policy->erase("sink");
  return staged;
}

}  // namespace

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
  setup_.stage_ref = result_.stage_ref = ref.text();
  Result<StageNote> note = parse_stage_note(setup_.session->note(), ref.text());
  if (!note) {
    setup_.session->keep();
    return std::move(note).error();
  }
  setup_.note = std::move(*note);
  const StageNote& staged = setup_.note;

  if (Status status = require_end_of_export(); !status.ok()) return status;

  boost::json::object merged = laid_over(without_replaced(staged.request, parsed.json), parsed.json);
  merged["unitId"] = staged.request.contains("unitId") ? staged.request.at("unitId") : boost::json::value("");
  merged["runId"] = staged.run_id;
  // Where the run began is the session's to say.
  const auto* checkpoint = staged.request.if_contains("checkpoint");
  merged["checkpoint"] = checkpoint ? *checkpoint : boost::json::value(nullptr);
  merged["stageRef"] = ref.text();
  merged["stagingProviderId"] = ref.provider_id;
  ParsedRequest whole = parse_request(boost::json::serialize(merged), setup_.phase);
  if (!whole.request) return whole.request.error();
  take_secrets(parsed.json, merged);
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

// A place in the parameters where the stage's request had a secret must be filled by the caller's, once it is
// needed.
void RunPreparation::take_secrets(const json::object& given, const json::object& merged) {
  const auto lacks = [](const json::object* own, const json::object* all) {
    return !has(own, "parameters") || (has(all, "parameters") && lacks_secrets(all->at("parameters")));
  };
  const json::object *own = object_in(given, "policy"), *all = object_in(merged, "policy");
  const json::object* own_sink = own ? object_in(*own, "sink") : nullptr;
  const json::object* all_sink = all ? object_in(*all, "sink") : nullptr;
  setup_.source_lacks_secrets = setup_.note.source_secrets_removed && lacks(own, all);
  // Without a description the sink is another one.
  setup_.sink_lacks_secrets = setup_.note.sink_secrets_removed && all_sink && lacks(own_sink, all_sink);
}

// With `follow` the session may come later.
Status RunPreparation::wait_for_stage(const StagingRequest& request) {
  const auto& timeout = setup_.request.policy.limits.timeout;
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    Status status = setup_.provider->open(request, setup_.session);
    if (status.ok() || !options_.follow || status.error().code() != "E_STAGE_UNKNOWN") return status;
    if (timeout && std::chrono::steady_clock::now() - begin >= *timeout)
      return Error(ErrorClass::cancelled, "E_TIMEOUT", "no export of " + request.stage_id + " began in time",
                   "policy.limits.timeout");
    if (signal_.wait(std::chrono::milliseconds(100), StopLevel::drain))
      return Error(ErrorClass::cancelled, "E_CANCELLED", "the run was asked to stop");
  }
}

// An import reads beside an export that is alive only when it is asked to follow.
Status RunPreparation::require_end_of_export() {
  if (setup_.phase != RunPhase::import_only || options_.follow) return {};
  for (uint32_t stream = 0; stream < setup_.note.streams.size(); ++stream) {
    StagingStreamState state;
    if (Status status = setup_.session->state(stream, state); !status.ok()) return status;
    if (state.writer_alive && !state.sealed)
      return Error(ErrorClass::transient, "E_STAGE_BUSY",
                   "the export of " + setup_.request.stage_id + " is still writing", setup_.request.stage_id,
                   "import it beside the export with --follow, or when it has ended");
  }
  return {};
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
