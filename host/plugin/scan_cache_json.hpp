// The scan cache's file as text.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>

#include "host/plugin/scan_cache.hpp"

namespace sluice::host {

boost::json::object to_json(const FileIdentity& identity);
boost::json::object to_json(const ScanOutcome& outcome);

// Nothing when it is malformed in any way.
std::optional<FileIdentity> identity_from(const boost::json::value& value);
std::optional<ScanOutcome> outcome_from(const boost::json::value& value);

}  // namespace sluice::host
