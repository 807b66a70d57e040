// Of what is measured, and of what it is measured beside.
#pragma once

#include <boost/json/object.hpp>

namespace sluice::bench {

boost::json::object versions();

}  // namespace sluice::bench
