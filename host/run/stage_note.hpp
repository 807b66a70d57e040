// What the host keeps with a staging session, so that another process can finish its run: all that is known
// of the run but its records and its secrets.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/run/endpoint_setup.hpp"
#include "host/run/ledger.hpp"
#include "host/run/negotiate.hpp"

namespace sluice::host {

struct StageNote {
  boost::json::object request;  // as it was given, literal secrets taken out
  bool source_secrets_removed = false, sink_secrets_removed = false;
  std::string key;  // of this session alone, also among others of its name
  std::string run_id;
  boost::json::object unit;
  std::string unit_key;
  std::string source_id, source_template, source_identity;
  Agreement agreement;  // of the export; what concerns the sink is agreed on again
  std::vector<SliceState> slices;
  boost::json::value before;
  std::vector<uint32_t> streams;  // the slice of each stream
  // The token that the sink held when the session began; absent: no sink was asked yet.
  std::optional<boost::json::value> sink_token;
};

std::string to_text(const StageNote& note);
// E_STAGE_NOTE (damaged) when it is none, E_STAGING_VERSION when a later version wrote it.
Result<StageNote> parse_stage_note(const std::string& text, const std::string& stage_ref);

// The request with the secrets of inline parameters taken out; references such as ${env:NAME} stay.
boost::json::object without_secrets(const boost::json::object& request, const EndpointSetup* source,
                                    const EndpointSetup* sink, bool& of_source, bool& of_sink);
// Whether parameters still have a place where a secret was taken out.
bool lacks_secrets(const boost::json::value& parameters);

// `over` laid over `under`: objects member by member, at any depth; null takes nothing away.
boost::json::object laid_over(boost::json::object under, const boost::json::object& over);

}  // namespace sluice::host
