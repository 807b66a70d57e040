// What the offline verbs of staging found, as JSON.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "staging/mmap/offline_gc.hpp"
#include "staging/mmap/offline_list.hpp"
#include "staging/mmap/offline_repair.hpp"

namespace sluice::host {

// `mmap:` and the id.
std::string stage_ref_of(const std::string& stage_id);

boost::json::object to_json(const staging::SessionLook& look);
boost::json::object to_json(const staging::SessionCheck& check);
boost::json::object to_json(const staging::RepairReport& report);
boost::json::object to_json(const staging::GcReport& report);

}  // namespace sluice::host
