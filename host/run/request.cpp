#include "host/run/request.hpp"

#include <boost/json/parse.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "host/run/object_reader.hpp"

namespace sluice::host {

namespace {

constexpr size_t largest_request = size_t{16} << 20;

Error invalid(const std::string& message, const std::string& where) {
  return Error(ErrorClass::config, "E_REQUEST_INVALID", message, where);
}

// Whether the request itself says all about the endpoint.
bool is_described(const std::optional<InlineEndpoint>& endpoint) {
  return endpoint && !endpoint->template_id.empty();
}

// Which endpoints a request must name: those that the stage's own request does not tell.
bool needs_source(RunPhase phase) {
  return phase == RunPhase::whole || phase == RunPhase::export_only;
}

Result<RunRequest> read_request(const boost::json::object& object, ParsedRequest& parsed) {
  RunRequest request;
  ObjectReader reader(object, "");
  std::optional<std::string> run_id = reader.text("runId");
  std::optional<std::string> endpoint = reader.text("endpointId"), unit = reader.text("unitId");
  std::optional<std::string> sink = reader.text("sinkEndpointId"), staging = reader.text("stagingProviderId");
  std::optional<std::string> stage_ref = reader.text("stageRef");
  std::optional<uint64_t> epoch = reader.count("epoch", 1, INT64_MAX);
  const boost::json::object* checkpoint = reader.object("checkpoint");
  const boost::json::object* policy = reader.object("policy");
  if (Status status = reader.finish(parsed.unknown_keys); !status.ok()) return std::move(status).take_error();

  if (run_id && (run_id->empty() || run_id->size() > 256))
    return invalid("runId must have 1 to 256 characters", "runId");
  request.run_id = parsed.run_id;
  if (!policy) {
    static const boost::json::object none;
    policy = &none;
  }
  Result<Policy> read_policy = parse_policy(*policy, parsed.unknown_keys);
  if (!read_policy) return read_policy.error();
  request.policy = std::move(*read_policy);

  if (stage_ref) {
    Result<StageRef> ref = parse_stage_ref(*stage_ref);
    if (!ref) return ref.error();
    if (staging && *staging != ref->provider_id)
      return invalid(
          "stagingProviderId is \"" + *staging + "\" and stageRef names \"" + ref->provider_id + "\"",
          "stageRef");
    staging = ref->provider_id;
    request.stage_id = ref->stage_id;
  } else if (!needs_source(parsed.phase)) {
    return invalid("stageRef is missing: the staging session, as `export` gives it", "stageRef");
  }
  if (epoch) request.epoch = *epoch;
  if (needs_source(parsed.phase)) {
    if (!unit || unit->empty())
      return invalid("unitId is missing: the unit to ingest, as `units` lists it", "unitId");
    if (!endpoint && !is_described(request.policy.source))
      return invalid("endpointId is missing: the source endpoint", "endpointId");
    if (parsed.phase == RunPhase::whole && !sink && !is_described(request.policy.sink))
      return invalid("sinkEndpointId is missing: the sink endpoint", "sinkEndpointId");
  }
  request.unit_id = unit.value_or("");
  request.endpoint_id = endpoint.value_or(request.policy.source ? request.policy.source->template_id : "");
  request.sink_endpoint_id = sink.value_or(request.policy.sink ? request.policy.sink->template_id : "");
  if (staging) request.staging_provider_id = *staging;
  if (checkpoint) request.checkpoint = *checkpoint;
  return request;
}

}  // namespace

std::string new_run_id() {
  return boost::uuids::to_string(boost::uuids::random_generator()());
}

Result<StageRef> parse_stage_ref(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || text.size() > 200)
    return Error(ErrorClass::config, "E_STAGE_ID",
                 "\"" + std::string(text.substr(0, 80)) + "\" names no staging session", "stageRef",
                 "write provider:id, such as mmap:stage-..., as `sluice staging list` shows it");
  return StageRef{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

ParsedRequest parse_request(std::string_view json, RunPhase phase) {
  ParsedRequest parsed{phase, {}, new_run_id(), nullptr, invalid("the request is empty", ""), {}};
  if (json.size() > largest_request) {
    parsed.request = invalid("the request is larger than 16 MiB; records never travel in it", "");
    return parsed;
  }
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(json, error);
  if (error) {
    parsed.request = invalid("the request is not JSON: " + error.message(), "");
    return parsed;
  }
  const boost::json::object* object = value.if_object();
  if (!object) {
    parsed.request = invalid("the request must be a JSON object", "");
    return parsed;
  }
  parsed.json = *object;
  if (const auto* id = object->if_contains("runId"); id && id->is_string() && !id->get_string().empty())
    parsed.run_id = std::string(id->get_string());
  if (const auto* checkpoint = object->if_contains("checkpoint")) parsed.checkpoint = *checkpoint;
  parsed.request = read_request(*object, parsed);
  return parsed;
}

}  // namespace sluice::host
