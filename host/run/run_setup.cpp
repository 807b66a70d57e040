#include "host/run/run_setup.hpp"

#include <boost/json/serialize.hpp>

#include "host/config/nearest_name.hpp"
#include "host/run/lost_worker.hpp"

namespace sluice::host {

namespace {

Error secrets_missing(const std::string& stage_ref, const std::string& where) {
  return Error(ErrorClass::config, "E_STAGE_SECRETS",
               "the request of " + stage_ref + " had secrets in " + where + ", which are not stored", where,
               "give the request again: sluice resume STAGEREF REQUEST.json");
}

}  // namespace

Status RunPreparation::run(const ParsedRequest& parsed) {
  setup_.phase = parsed.phase;
  if (Status status = accept(parsed); !status.ok()) return status;
  if (Status status = find_provider(); !status.ok()) return status;
  const bool staged = setup_.phase == RunPhase::import_only || setup_.phase == RunPhase::resume;
  if (staged)
    if (Status status = open_stage(parsed); !status.ok()) return status;
  log_ = log_.with("unit", setup_.request.unit_id);
  if (!staged || source_is_needed())
    if (Status status = set_up_source(); !status.ok()) return status;
  const bool names_sink = !setup_.request.sink_endpoint_id.empty();
  if (setup_.phase != RunPhase::export_only || names_sink)
    if (Status status = set_up_sink(); !status.ok()) return status;
  share_secrets();
  if (Status status = agree_on_durability(); !status.ok()) return status;
  if (staged) {
    const StageNote& note = setup_.note;
    Result<Agreement> agreement = negotiate_staged(note.agreement, note.source_template,
                                                   setup_.sink->of->descriptor, setup_.request.policy);
    if (!agreement) return std::move(agreement).error();
    setup_.agreement = std::move(*agreement);
    return take_lock(note.source_id, note.source_identity);
  }
  if (Status status = describe_unit(); !status.ok()) return status;
  if (Status status = take_lock(setup_.source->id, setup_.source->identity); !status.ok()) return status;
  if (Status status = plan_slices(); !status.ok()) return status;
  write_note(parsed.json);
  return {};
}

Status RunPreparation::accept(const ParsedRequest& parsed) {
  for (const Error& unknown : parsed.unknown_keys) {
    if (options_.strict && parsed.request) return unknown;
    result_.warnings.push_back(
        Error(ErrorClass::config, "W_KEY_UNKNOWN", unknown.message(), unknown.where(), unknown.hint()));
  }
  if (!parsed.request) return parsed.request.error();
  setup_.request = *parsed.request;
  result_.delivery = setup_.request.policy.exactly_once ? "exactly-once" : "at-least-once";
  return {};
}

Status RunPreparation::find_provider() {
  const std::string& id = setup_.request.staging_provider_id;
  setup_.provider = environment_.staging.find(id);
  result_.staging_provider = id;
  if (!setup_.provider) {
    const std::vector<std::string> known = environment_.staging.ids();
    std::string hint = did_you_mean(id, names_of(known));
    if (hint.empty()) {
      hint = "known providers:";
      for (const std::string& name : known) hint += " " + name;
    }
    return Error(ErrorClass::config, "E_PROVIDER_UNKNOWN", "no staging provider \"" + id + "\"",
                 "stagingProviderId", hint);
  }
  if (setup_.phase == RunPhase::whole || setup_.provider->resumable()) return {};
  return Error(ErrorClass::config, "E_STAGE_UNKNOWN",
               "staging provider \"" + id + "\" keeps nothing beyond its process, so there is nothing to " +
                   (setup_.phase == RunPhase::export_only ? "export to" : "import from"),
               "stagingProviderId", "use mmap");
}

Status RunPreparation::agree_on_durability() {
  const Durability strongest = setup_.provider->strongest_durability();
  const Durability wanted =
      setup_.request.policy.staging.durability.value_or(std::min(strongest, Durability::os));
  if (wanted == Durability::disk && strongest < Durability::disk)
    return Error(ErrorClass::config, "E_DURABILITY",
                 "staging provider \"" + setup_.request.staging_provider_id + "\" promises durability \"" +
                     std::string(to_string(strongest)) + "\" and not \"disk\"",
                 "policy.staging.durability", "choose a provider that can, or a weaker durability");
  if (wanted > strongest)
    result_.warnings.push_back(Error(ErrorClass::config, "W_DURABILITY",
                                     "staged records have durability \"" + std::string(to_string(strongest)) +
                                         "\" with this provider; commits have \"os\"",
                                     "policy.staging.durability"));
  setup_.staging_durability = std::min(wanted, strongest);
  // A provider that outlives its process gives no less than that.
  if (setup_.provider->resumable())
    setup_.staging_durability = std::max(setup_.staging_durability, Durability::os);
  result_.staging_durability = std::string(to_string(setup_.staging_durability));
  result_.durability = wanted == Durability::disk ? "disk" : "os";
  return {};
}

void RunPreparation::name_plugin(const EndpointSetup& setup, const char* role) {
  setup_.plugin_uses.push_back(setup.of->plugin->serve(setup_.request.run_id));
  result_.plugins.push_back(boost::json::object{{"templateId", setup.of->descriptor.id},
                                                {"role", role},
                                                {"plugin", setup.of->plugin->descriptor.id},
                                                {"version", setup.of->plugin->descriptor.version},
                                                {"path", setup.of->plugin->path.string()},
                                                {"digest", setup.of->plugin->digest},
                                                {"generation", setup.of->plugin->number}});
}

Status RunPreparation::add_source() {
  if (setup_.source) return {};
  if (Status status = set_up_source(); !status.ok()) return status;
  share_secrets();
  return {};
}

Status RunPreparation::set_up_source() {
  if (setup_.source_lacks_secrets) return secrets_missing(setup_.stage_ref, "policy.parameters");
  Result<EndpointSetup> source = set_up_endpoint(environment_.catalog, setup_.request.endpoint_id,
                                                 setup_.request.policy.source, "source");
  if (!source) return source.error();
  setup_.source.emplace(std::move(*source));
  if (setup_.request.policy.isolation.source)
    if (Status status = isolate(environment_, log_, setup_.request.policy, *setup_.source); !status.ok())
      return status;
  name_plugin(*setup_.source, "source");
  return {};
}

Status RunPreparation::set_up_sink() {
  if (setup_.request.sink_endpoint_id.empty())
    return Error(ErrorClass::config, "E_REQUEST_INVALID", "sinkEndpointId is missing: the sink endpoint",
                 "sinkEndpointId", "the export named none");
  if (setup_.sink_lacks_secrets) return secrets_missing(setup_.stage_ref, "policy.sink.parameters");
  Result<EndpointSetup> sink = set_up_endpoint(environment_.catalog, setup_.request.sink_endpoint_id,
                                               setup_.request.policy.sink, "sink");
  if (!sink) return sink.error();
  setup_.sink.emplace(std::move(*sink));
  if (setup_.request.policy.isolation.sink)
    if (Status status = isolate(environment_, log_, setup_.request.policy, *setup_.sink); !status.ok())
      return status;
  name_plugin(*setup_.sink, "sink");
  return {};
}

// One log for both sides: what either keeps secret is scrubbed from all.
void RunPreparation::share_secrets() {
  static const Scrubber nothing;
  auto secrets = std::make_shared<Scrubber>(Scrubber::joined(
      setup_.source ? *setup_.source->scrubber : nothing, setup_.sink ? *setup_.sink->scrubber : nothing));
  if (setup_.source) setup_.source->scrubber = secrets;
  if (setup_.sink) setup_.sink->scrubber = secrets;
  log_.set_scrubber(secrets);
}

Status RunPreparation::open_planner() {
  setup_.planner.reset();
  Result<SourceHandle> planner =
      SourceHandle::create(setup_.source->of, setup_.source->config_text, setup_.planner_services->table(),
                           setup_.source->place());
  if (!planner) return std::move(planner).error();
  setup_.planner.emplace(std::move(*planner));
  Result<boost::json::object> unit = setup_.planner->unit(setup_.request.unit_id);
  if (!unit) return std::move(unit).error();
  setup_.unit = std::move(*unit);
  return {};
}

Status RunPreparation::describe_unit() {
  setup_.planner_services =
      std::make_unique<EndpointServices>(log_.with("endpoint", setup_.source->id), signal_, StopLevel::drain,
                                         environment_.catalog.config.base_dir);
  if (Status status = again_when_lost(setup_.request.policy.retry, signal_, result_.retries,
                                      [&] { return open_planner(); });
      !status.ok())
    return status;
  setup_.unit_key = setup_.source->id + "/" + setup_.request.unit_id;
  Result<Agreement> agreement =
      negotiate(setup_.source->of->descriptor, setup_.unit,
                setup_.sink ? &setup_.sink->of->descriptor : nullptr, setup_.request.policy);
  if (!agreement) return std::move(agreement).error();
  setup_.agreement = std::move(*agreement);
  for (const Error& warning : setup_.agreement.warnings) result_.warnings.push_back(warning);
  return {};
}

// Runs of one unit into one sink exclude each other; an export excludes another export of the unit.
Status RunPreparation::take_lock(const std::string& source_id, const std::string& source_identity) {
  const bool exports = setup_.phase == RunPhase::export_only;
  const std::string sink = exports ? "export\n" : setup_.sink->id + "\n" + setup_.sink->identity;
  Result<UnitLock> lock =
      UnitLock::take(source_id + "\n" + source_identity + "\n" + setup_.request.unit_id + "\n" + sink,
                     setup_.request.unit_id, environment_.lock_folder);
  if (!lock) return std::move(lock).error();
  setup_.lock.emplace(std::move(*lock));
  return {};
}

Status RunPreparation::plan_slices() {
  std::vector<SliceState>& slices = setup_.slices;
  setup_.before = nullptr;
  if (setup_.agreement.incremental && setup_.request.checkpoint) {
    // A run that was cut off between slices goes on with the same ones, whatever the policy says now.
    if (std::optional<PackedSlices> packed = unpack_slices(*setup_.request.checkpoint)) {
      slices = std::move(packed->slices);
      setup_.before = std::move(packed->before);
    } else {
      setup_.before = *setup_.request.checkpoint;
    }
  }
  if (slices.empty() && setup_.request.policy.slices > 1)
    if (Status status = again_when_lost(setup_.request.policy.retry, signal_, result_.retries,
                                        [&] {
                                          slices.clear();
                                          return call_planner(slices);
                                        });
        !status.ok())
      return status;
  if (!slices.empty() && setup_.request.policy.exactly_once)
    return Error(ErrorClass::config, "E_DELIVERY_UNSUPPORTED",
                 "exactly-once delivery of slices is not possible yet", "policy.parallelism.slices",
                 "use one slice");
  if (slices.empty()) {
    SliceState whole;
    if (setup_.before.is_object()) whole.checkpoint = setup_.before.get_object();
    slices.push_back(std::move(whole));
  }
  return {};
}

Status RunPreparation::call_planner(std::vector<SliceState>& slices) {
  if (!setup_.source->of->descriptor.source->slices || !setup_.planner->can_plan()) {
    result_.warnings.push_back(
        Error(ErrorClass::config, "W_NO_SLICES",
              setup_.source->of->descriptor.id + " cannot divide this unit; it is read as a whole",
              "policy.parallelism.slices"));
    return {};
  }
  const std::string checkpoint =
      setup_.before.is_object() ? boost::json::serialize(setup_.before) : std::string();
  sluice_read_request request{};
  request.size = sizeof request;
  request.slice_count = setup_.request.policy.slices;
  request.incremental = setup_.agreement.incremental ? 1 : 0;
  request.unit_id = abi(setup_.request.unit_id);
  request.checkpoint = abi(checkpoint);
  request.format = abi(setup_.agreement.source_tables ? "tables" : "documents");
  request.run_id = abi(setup_.request.run_id);
  // Slices that are taken one after another wait for each other; threads of one read need not.
  request.threads = setup_.sink && setup_.agreement.ordered_slices ? setup_.request.policy.slices : 1;
  Result<std::vector<boost::json::object>> planned =
      setup_.planner->plan(request, setup_.request.policy.slices);
  if (!planned) return std::move(planned).error();
  for (boost::json::object& slice : *planned) slices.push_back({std::move(slice), std::nullopt, false});
  return {};
}

void RunPreparation::write_note(const boost::json::object& request) {
  StageNote& note = setup_.note;
  // For whoever resumes.
  if (setup_.provider->resumable())
    note.request = without_secrets(request, setup_.source ? &*setup_.source : nullptr,
                                   setup_.sink ? &*setup_.sink : nullptr, note.source_secrets_removed,
                                   note.sink_secrets_removed);
  note.run_id = setup_.request.run_id;
  note.unit = setup_.unit;
  note.unit_key = setup_.unit_key;
  note.source_id = setup_.source->id;
  note.source_template = setup_.source->of->descriptor.id;
  note.source_identity = setup_.source->identity;
  note.agreement = setup_.agreement;
  note.slices = setup_.slices;
  note.before = setup_.before;
  for (uint32_t slice = 0; slice < setup_.slices.size(); ++slice)
    if (!setup_.slices[slice].done) note.streams.push_back(slice);
}

}  // namespace sluice::host
