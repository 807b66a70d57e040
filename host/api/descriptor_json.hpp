// What plugins and templates say about themselves, as the host's answers show it.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "host/plugin/descriptor.hpp"

namespace sluice::host {

boost::json::array texts(const std::vector<std::string>& list);
boost::json::object describe(const TemplateDescriptor& descriptor);
// Its templates by their ids.
boost::json::object describe(const PluginDescriptor& plugin);

}  // namespace sluice::host
