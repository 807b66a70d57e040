#include "host/run/negotiate.hpp"

#include <algorithm>

namespace sluice::host {

namespace {

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string join(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& word : list) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

// The unit's own list where it has one, else the template's.
std::vector<std::string> list_of(const boost::json::object& unit, std::string_view key,
                                 const std::vector<std::string>& otherwise) {
  const auto* own = unit.if_contains(key);
  if (!own || !own->is_array()) return otherwise;
  std::vector<std::string> list;
  for (const auto& word : own->get_array())
    if (word.is_string() && has(otherwise, word.get_string())) list.emplace_back(word.get_string());
  return list.empty() ? otherwise : list;
}

Error refused(std::string code, const std::string& message, std::string where, std::string hint) {
  return Error(ErrorClass::config, std::move(code), message, std::move(where), std::move(hint));
}

Status agree_on_mode(Agreement& agreement, const std::vector<std::string>& modes, const Policy& policy,
                     const std::string& source) {
  const bool can_increment = has(modes, "INCREMENTAL");
  agreement.incremental = policy.incremental.value_or(can_increment);
  if (has(modes, agreement.incremental ? "INCREMENTAL" : "FULL")) {
    if (!policy.incremental && !agreement.incremental)
      agreement.warnings.push_back(Error(ErrorClass::config, "W_MODE_FULL",
                                         source + " reads this unit only in FULL mode", "policy.mode",
                                         "set policy.mode to FULL to say that this is meant"));
    return {};
  }
  return refused("E_MODE_UNSUPPORTED",
                 source + " cannot read this unit in mode " +
                     (agreement.incremental ? "INCREMENTAL" : "FULL") + "; it can: " + join(modes),
                 "policy.mode", "choose one of these modes");
}

Status agree_on_format(Agreement& agreement, const std::vector<std::string>& gives,
                       const SinkDescriptor& sink, const std::string& source_id, const std::string& sink_id) {
  for (const std::string& format : gives)
    if (has(sink.formats, format)) {
      agreement.source_tables = agreement.sink_tables = format == "tables";
      return {};
    }
  if (has(gives, "tables") && has(sink.formats, "documents")) {
    agreement.source_tables = true;
    return {};
  }
  return refused(
      "E_FORMAT_MISMATCH",
      source_id + " gives " + join(gives) + ", and " + sink_id + " takes only " + join(sink.formats),
      "sinkEndpointId", "choose a sink that takes " + join(gives));
}

// Format, content type, delivery and slices. `agreement.content_type` is the documents' of the source.
Status agree_on_sink(Agreement& agreement, const std::vector<std::string>& formats,
                     const std::string& source_id, const TemplateDescriptor& sink, const Policy& policy) {
  if (Status status = agree_on_format(agreement, formats, *sink.sink, source_id, sink.id); !status.ok())
    return status;
  if (agreement.tables_to_documents())
    agreement.content_type = "application/json";
  else if (agreement.sink_tables)
    agreement.content_type.clear();
  const auto& accepted = sink.sink->content_types;
  if (!agreement.content_type.empty() && !accepted.empty() && !has(accepted, agreement.content_type))
    return refused("E_CONTENT_TYPE_MISMATCH",
                   source_id + " gives documents of type " + agreement.content_type + ", and " + sink.id +
                       " takes only " + join(accepted),
                   "sinkEndpointId", "choose another sink");
  if (policy.exactly_once && sink.sink->delivery == "none")
    return refused(
        "E_DELIVERY_UNSUPPORTED",
        sink.id + " can neither store a token, nor write by key, nor truncate: exactly-once is impossible",
        "policy.delivery", "use at-least-once, or another sink");
  agreement.parallel_sinks = sink.sink->slices == "parallel";
  agreement.ordered_slices = sink.sink->slices == "ordered";
  return {};
}

}  // namespace

Result<Agreement> negotiate(const TemplateDescriptor& source, const boost::json::object& unit,
                            const TemplateDescriptor* sink, const Policy& policy) {
  Agreement agreement;
  const auto modes = list_of(unit, "modes", source.source->modes);
  if (Status status = agree_on_mode(agreement, modes, policy, source.id); !status.ok())
    return std::move(status).take_error();
  if (const auto* type = unit.if_contains("contentType"); type && type->is_string())
    agreement.content_type = std::string(type->get_string());
  else if (source.source->content_types.size() == 1)
    agreement.content_type = source.source->content_types.front();
  const auto formats = list_of(unit, "formats", source.source->formats);
  if (!sink) {
    agreement.source_tables = agreement.sink_tables = formats.front() == "tables";
    return agreement;
  }
  if (Status status = agree_on_sink(agreement, formats, source.id, *sink, policy); !status.ok())
    return std::move(status).take_error();
  return agreement;
}

Result<Agreement> negotiate_staged(const Agreement& staged, const std::string& source_id,
                                   const TemplateDescriptor& sink, const Policy& policy) {
  Agreement agreement = staged;
  const std::vector<std::string> formats{staged.source_tables ? "tables" : "documents"};
  if (Status status = agree_on_sink(agreement, formats, source_id, sink, policy); !status.ok())
    return std::move(status).take_error();
  return agreement;
}

}  // namespace sluice::host
