// What a measurement was made on. No names of hosts or people.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace sluice::bench {

// {"processor", "cores", "memoryBytes", "kernel", "filesystem" (of `folder`)}
boost::json::object describe_machine(const std::string& folder);
// As in "2026-11-30", in UTC.
std::string today();

}  // namespace sluice::bench
