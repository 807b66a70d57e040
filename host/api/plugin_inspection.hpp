// What can be told of a plugin's file without running its code, as `sluice plugins inspect` shows it.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>

namespace sluice::host {

// Judged by the same steps as a file in a plugin folder; `file` is absolute.
boost::json::object inspection(const std::filesystem::path& file);

}  // namespace sluice::host
