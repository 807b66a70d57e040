#include "host/run/stage_note.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <stdexcept>

#include "host/config/schema_values.hpp"

namespace sluice::host {

namespace {

namespace json = boost::json;

constexpr int64_t version = 1;
constexpr std::string_view masked_secret = "***";  // as mask() puts it

void mask_parameters(json::object& holder, const EndpointSetup* setup, bool& removed) {
  auto* parameters = holder.if_contains("parameters");
  if (!parameters || !parameters->is_object()) return;
  // Without a schema nobody knows what is secret.
  json::object masked =
      setup ? mask(setup->of->descriptor.config_schema, parameters->get_object()) : json::object();
  removed = removed || masked != parameters->get_object();
  *parameters = std::move(masked);
}

json::object agreement_json(const Agreement& agreement) {
  return {{"incremental", agreement.incremental},
          {"tables", agreement.source_tables},
          {"contentType", agreement.content_type}};
}

std::string text_at(const json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

StageNote read(const json::object& object) {
  StageNote note;
  note.request = object.at("request").as_object();
  const json::object& removed = object.at("secretsRemoved").as_object();
  note.source_secrets_removed = removed.at("source").as_bool();
  note.sink_secrets_removed = removed.at("sink").as_bool();
  note.key = text_at(object, "key");
  note.run_id = text_at(object, "runId");
  note.unit = object.at("unit").as_object();
  note.unit_key = text_at(object, "unitKey");
  const json::object& source = object.at("source").as_object();
  note.source_id = text_at(source, "endpointId");
  note.source_template = text_at(source, "templateId");
  note.source_identity = text_at(source, "identity");
  const json::object& agreement = object.at("agreement").as_object();
  note.agreement.incremental = agreement.at("incremental").as_bool();
  note.agreement.source_tables = note.agreement.sink_tables = agreement.at("tables").as_bool();
  note.agreement.content_type = text_at(agreement, "contentType");
  std::optional<PackedSlices> packed = unpack_slices(object.at("slices").as_object());
  if (!packed) throw std::out_of_range("slices");
  note.slices = std::move(packed->slices);
  note.before = std::move(packed->before);
  for (const json::value& stream : object.at("streams").as_array()) {
    note.streams.push_back(json::value_to<uint32_t>(stream));
    if (note.streams.back() >= note.slices.size()) throw std::out_of_range("streams");
  }
  if (const auto* token = object.if_contains("sinkToken")) note.sink_token = *token;
  return note;
}

}  // namespace

std::string to_text(const StageNote& note) {
  json::array streams;
  for (const uint32_t slice : note.streams) streams.push_back(slice);
  json::object object{
      {"version", version},
      {"request", note.request},
      {"secretsRemoved", {{"source", note.source_secrets_removed}, {"sink", note.sink_secrets_removed}}},
      {"key", note.key},
      {"runId", note.run_id},
      {"unit", note.unit},
      {"unitKey", note.unit_key},
      {"source",
       {{"endpointId", note.source_id},
        {"templateId", note.source_template},
        {"identity", note.source_identity}}},
      {"agreement", agreement_json(note.agreement)},
      {"slices", pack_slices(note.slices, note.before)},
      {"streams", std::move(streams)}};
  if (note.sink_token) object["sinkToken"] = *note.sink_token;
  return json::serialize(object);
}

Result<StageNote> parse_stage_note(const std::string& text, const std::string& stage_ref) {
  const auto broken = [&](const std::string& what) {
    return Error(ErrorClass::damaged, "E_STAGE_NOTE",
                 "staging session " + stage_ref + " does not tell its run: " + what, stage_ref,
                 "it can only be looked at (`sluice staging cat`) and collected (`sluice staging gc`)");
  };
  if (text.empty()) return broken("its process died before anything was staged");
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return broken("its note is not JSON");
  try {
    const json::object& object = value.get_object();
    if (const int64_t written = object.at("version").as_int64(); written != version)
      return Error(ErrorClass::config, "E_STAGING_VERSION",
                   "the note of staging session " + stage_ref + " is of version " + std::to_string(written) +
                       ", and this host reads version " + std::to_string(version),
                   stage_ref, "finish it with the version of Sluice that wrote it");
    return read(object);
  } catch (const std::exception& wrong) {
    return broken(wrong.what());
  }
}

json::object without_secrets(const json::object& request, const EndpointSetup* source,
                             const EndpointSetup* sink, bool& of_source, bool& of_sink) {
  of_source = of_sink = false;
  json::object clean = request;
  auto* policy = clean.if_contains("policy");
  if (!policy || !policy->is_object()) return clean;
  mask_parameters(policy->get_object(), source, of_source);
  if (auto* described = policy->get_object().if_contains("sink"); described && described->is_object())
    mask_parameters(described->get_object(), sink, of_sink);
  return clean;
}

bool lacks_secrets(const json::value& parameters) {
  if (const auto* text = parameters.if_string()) return *text == masked_secret;
  if (const auto* list = parameters.if_array()) return std::any_of(list->begin(), list->end(), lacks_secrets);
  if (const auto* object = parameters.if_object())
    return std::any_of(object->begin(), object->end(),
                       [](const auto& member) { return lacks_secrets(member.value()); });
  return false;
}

json::object laid_over(json::object under, const json::object& over) {
  for (const auto& member : over) {
    if (member.value().is_null()) continue;
    json::value& place = under[member.key()];
    if (place.is_object() && member.value().is_object())
      place = laid_over(std::move(place.get_object()), member.value().get_object());
    else
      place = member.value();
  }
  return under;
}

}  // namespace sluice::host
